/** A command line of the originals, as it stands in their READMEs and scripts, without environment, nohup and redirection. */
export interface OriginalCommand {
  /** Where it stands. */
  readonly from: string;
  readonly line: string;
  /** The folder that it runs in, from the root of its repository. */
  readonly folder: string;
}

const ragRetrieval = (part: string, from: string, line: string): OriginalCommand => ({
  from: `RAG-Retrieval ${from}`,
  line,
  folder: `rag_retrieval/train/${part}`,
});
const flagEmbedding = (part: string, from: string, line: string): OriginalCommand => ({
  from: `FlagEmbedding ${from}`,
  line,
  folder: `examples/finetune/${part}`,
});

const fsdp = '--config_file ../../../config/default_fsdp.yaml';

export const originalCommands: readonly OriginalCommand[] = [
  ragRetrieval(
    'reranker',
    '9a4d052 train_reranker.sh',
    `accelerate launch ${fsdp} train_reranker.py --model_name_or_path "hfl/chinese-roberta-wwm-ext" --dataset "../../../example_data/t2rank_100.jsonl" --output_dir "./output/t2ranking_100_example" --loss_type "classfication" --batch_size 32 --lr 5e-5 --epochs 2 --num_labels 1 --log_with  'wandb' --save_on_epoch_end 1 --warmup_proportion 0.1 --gradient_accumulation_steps 1 --max_len 512`,
  ),
  ragRetrieval(
    'reranker',
    '950da57 train_reranker.sh, BERT',
    'accelerate launch --config_file ../../../config/xlmroberta_default_config.yaml train_reranker.py --config config/training_bert.yaml',
  ),
  ragRetrieval(
    'reranker',
    '950da57 train_reranker.sh, LLM',
    'accelerate launch --config_file ../../../config/deepspeed/deepspeed_zero1.yaml train_reranker.py --config config/training_llm.yaml',
  ),
  ragRetrieval(
    'reranker',
    '4193c8c train_reranker.sh, BERT',
    'accelerate launch --config_file ../../../config/xlmroberta_default_config.yaml train_reranker.py --config config/old_bert.yaml',
  ),
  ragRetrieval(
    'reranker',
    '4193c8c train_reranker.sh, LLM',
    'accelerate launch --config_file ../../../config/deepspeed/deepspeed_zero1.yaml train_reranker.py --config config/old_llm.yaml',
  ),
  ragRetrieval(
    'reranker',
    '4193c8c train_reranker.sh, distillation',
    'accelerate launch --config_file ../../../config/xlmroberta_default_config.yaml train_reranker.py --config config/distilling_bert.yaml',
  ),
  ragRetrieval(
    'colbert',
    '950da57 train_colbert.sh',
    `accelerate launch ${fsdp} train_colbert.py --model_name_or_path "hfl/chinese-roberta-wwm-ext" --dataset "../../../example_data/t2rank_100.jsonl" --output_dir "./output/t2ranking_100_example" --batch_size 4 --lr 5e-6 --epochs 2 --save_on_epoch_end 1 --gradient_accumulation_steps 12 --temperature 0.02 --query_max_len 128 --passage_max_len 512 --colbert_dim 768 --neg_nums 15 --log_with 'wandb' --warmup_proportion 0.1`,
  ),
  ragRetrieval(
    'embedding',
    '950da57 train_embedding.sh, BERT',
    `accelerate launch ${fsdp} train_embedding.py --config ./config/training_embedding.yaml`,
  ),
  ragRetrieval(
    'embedding',
    '950da57 train_embedding.sh, LLM',
    'accelerate launch --config_file ../../../config/deepspeed/deepspeed_zero2.yaml train_embedding.py --config ./config/training_embedding.yaml',
  ),
  ragRetrieval(
    'embedding',
    '950da57 train_embedding.sh, distillation',
    `accelerate launch ${fsdp} train_embedding.py --config ./config/distill_embedding.yaml`,
  ),
  ragRetrieval(
    'embedding',
    '9a4d052 train_embedding.sh',
    `accelerate launch ${fsdp} train_embedding.py --model_name_or_path "BAAI/bge-base-zh-v1.5" --dataset "../../../example_data/t2rank_100.jsonl" --output_dir "./output/t2ranking_100_example" --batch_size 4 --lr 2e-5 --epochs 2 --save_on_epoch_end 1 --gradient_accumulation_steps 24 --log_with 'wandb' --warmup_proportion 0.1 --neg_nums 15 --temperature 0.02 --query_max_len 128 --passage_max_len 512`,
  ),
  ragRetrieval(
    'embedding',
    '950da57 train_embedding.sh, Matryoshka by flags',
    `accelerate launch ${fsdp} train_embedding.py --model_name_or_path "BAAI/bge-base-zh-v1.5" --dataset "../../../example_data/t2rank_100.jsonl" --output_dir "./output/t2ranking_100_example_mrl1792" --batch_size 4 --lr 2e-5 --epochs 2 --use_mrl --mrl_dims "128, 256, 512, 768, 1024, 1280, 1536, 1792" --save_on_epoch_end 1 --gradient_accumulation_steps 24 --log_with 'wandb' --warmup_proportion 0.1 --neg_nums 15 --temperature 0.02 --query_max_len 128 --passage_max_len 512`,
  ),
  ragRetrieval(
    'embedding',
    '950da57 train_embedding.sh, LLM by flags',
    `accelerate launch --config_file ../../../config/deepspeed/deepspeed_zero2.yaml train_embedding.py --model_name_or_path "Alibaba-NLP/gte-Qwen2-7B-instruct" --dataset "../../../example_data/t2rank_100.jsonl" --output_dir "./output/t2ranking_100_example" --batch_size 4 --lr 2e-5 --epochs 2 --save_on_epoch_end 1 --gradient_accumulation_steps 24 --log_with 'wandb' --warmup_proportion 0.05 --neg_nums 15 --temperature 0.02 --query_max_len 256 --passage_max_len 1024`,
  ),
  flagEmbedding(
    'reranker',
    '7ed43d6 reranker/README.md, standard model',
    'torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.reranker.encoder_only.base --model_name_or_path BAAI/bge-reranker-v2-m3 --cache_dir ./cache/model --train_data ./example_data/normal/examples.jsonl --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --knowledge_distillation False --output_dir ./test_encoder_only_base_bge-reranker-base --overwrite_output_dir --learning_rate 6e-5 --fp16 --num_train_epochs 2 --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --weight_decay 0.01 --deepspeed ../ds_stage0.json --logging_steps 1 --save_steps 1000',
  ),
  flagEmbedding(
    'reranker',
    '7ed43d6 reranker/README.md, bge-reranker-v2-gemma',
    "torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.reranker.decoder_only.base --model_name_or_path BAAI/bge-reranker-v2-gemma --use_lora True --lora_rank 32 --lora_alpha 64 --use_flash_attn True --target_modules q_proj k_proj v_proj o_proj --save_merged_lora_model True --model_type decoder --cache_dir ./cache/model --train_data ./example_data/prompt_based/examples.jsonl --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --knowledge_distillation False --query_instruction_for_rerank 'A: ' --query_instruction_format '{}{}' --passage_instruction_for_rerank 'B: ' --passage_instruction_format '{}{}' --output_dir ./test_decoder_only_base_bge-reranker-v2-minicpm-layerwise --overwrite_output_dir --learning_rate 2e-4 --bf16 --num_train_epochs 1 --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --weight_decay 0.01 --deepspeed ../ds_stage0.json --logging_steps 1 --save_steps 1000",
  ),
  flagEmbedding(
    'reranker',
    '7ed43d6 reranker/README.md, bge-reranker-v2-minicpm-layerwise',
    "torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.reranker.decoder_only.layerwise --model_name_or_path BAAI/bge-reranker-v2-minicpm-layerwise --use_lora True --lora_rank 32 --lora_alpha 64 --use_flash_attn True --target_modules q_proj k_proj v_proj o_proj --save_merged_lora_model True --model_type decoder --model_type from_finetuned_model --start_layer 8 --head_multi True --head_type simple --trust_remote_code True --cache_dir ./cache/model --train_data ./example_data/prompt_based/examples.jsonl --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --knowledge_distillation False --query_instruction_for_rerank 'A: ' --query_instruction_format '{}{}' --passage_instruction_for_rerank 'B: ' --passage_instruction_format '{}{}' --output_dir ./test_decoder_only_base_bge-reranker-v2-minicpm-layerwise --overwrite_output_dir --learning_rate 2e-4 --bf16 --num_train_epochs 1 --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --weight_decay 0.01 --deepspeed ../ds_stage0.json --logging_steps 1 --save_steps 1000",
  ),
  flagEmbedding(
    'embedder',
    '7ed43d6 embedder/README.md, standard model',
    "torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.embedder.encoder_only.base --model_name_or_path BAAI/bge-large-en-v1.5 --cache_dir ./cache/model --train_data ./example_data/retrieval ./example_data/sts/sts.jsonl ./example_data/classification-no_in_batch_neg ./example_data/clustering-no_in_batch_neg --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --query_instruction_for_retrieval 'Represent this sentence for searching relevant passages: ' --query_instruction_format '{}{}' --knowledge_distillation False --output_dir ./test_encoder_only_base_bge-large-en-v1.5 --overwrite_output_dir --learning_rate 1e-5 --fp16 --num_train_epochs 2 --per_device_train_batch_size 2 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --deepspeed ../ds_stage0.json --logging_steps 1 --save_steps 1000 --negatives_cross_device --temperature 0.02 --sentence_pooling_method cls --normalize_embeddings True --kd_loss_type kl_div",
  ),
  flagEmbedding(
    'embedder',
    '7ed43d6 embedder/README.md, bge-m3',
    'torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.embedder.encoder_only.m3 --model_name_or_path BAAI/bge-m3 --cache_dir ./cache/model --train_data ./example_data/retrieval ./example_data/sts/sts.jsonl ./example_data/classification-no_in_batch_neg ./example_data/clustering-no_in_batch_neg --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --knowledge_distillation True --same_dataset_within_batch True --small_threshold 0 --drop_threshold 0 --output_dir ./test_encoder_only_m3_bge-m3_sd --overwrite_output_dir --learning_rate 1e-5 --fp16 --num_train_epochs 2 --per_device_train_batch_size 2 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --deepspeed ../ds_stage0.json --logging_steps 1 --save_steps 1000 --negatives_cross_device --temperature 0.02 --sentence_pooling_method cls --normalize_embeddings True --kd_loss_type m3_kd_loss --unified_finetuning True --use_self_distill True --fix_encoder False --self_distill_start_step 0',
  ),
  flagEmbedding(
    'embedder',
    '7ed43d6 embedder/encoder_only/m3.sh',
    'torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.embedder.encoder_only.m3 --model_name_or_path BAAI/bge-m3 --cache_dir ./cache/model --train_data ./example_data/retrieval ./example_data/sts/sts.jsonl ./example_data/classification-no_in_batch_neg ./example_data/clustering-no_in_batch_neg --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --knowledge_distillation False --output_dir ./test_encoder_only_m3_bge-m3_plain --overwrite_output_dir --learning_rate 1e-5 --fp16 --num_train_epochs 2 --per_device_train_batch_size 2 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --deepspeed ../ds_stage0.json --logging_steps 1 --save_steps 1000 --negatives_cross_device --temperature 0.02 --sentence_pooling_method cls --normalize_embeddings True --kd_loss_type m3_kd_loss --unified_finetuning True --use_self_distill True --fix_encoder False --self_distill_start_step 0',
  ),
  flagEmbedding(
    'embedder',
    '7ed43d6 embedder/README.md, bge-multilingual-gemma2',
    "torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.embedder.decoder_only.base --model_name_or_path BAAI/bge-multilingual-gemma2 --cache_dir ./cache/model --use_lora True --lora_rank 32 --lora_alpha 64 --target_modules q_proj k_proj v_proj o_proj gate_proj down_proj up_proj --additional_special_tokens '<instruct>' '<query>' --save_merged_lora_model True --train_data ./example_data/retrieval ./example_data/sts/sts.jsonl ./example_data/classification-no_in_batch_neg ./example_data/clustering-no_in_batch_neg --cache_path ./cache/data --train_group_size 8 --query_max_len 512 --passage_max_len 512 --pad_to_multiple_of 8 --query_instruction_for_retrieval 'Given a query, retrieve passages that are relevant to the query.' --query_instruction_format '<instruct>{}\\n<query>{}' --knowledge_distillation True --same_dataset_within_batch True --small_threshold 0 --drop_threshold 0 --output_dir ./test_decoder_only_base_bge-multilingual-gemma2_sd --overwrite_output_dir --learning_rate 1e-4 --fp16 --num_train_epochs 1 --per_device_train_batch_size 2 --dataloader_drop_last True --warmup_ratio 0.1 --gradient_checkpointing --deepspeed ../ds_stage1.json --logging_steps 1 --save_steps 1000 --negatives_cross_device --temperature 0.02 --sentence_pooling_method last_token --normalize_embeddings True --kd_loss_type m3_kd_loss",
  ),
  flagEmbedding(
    'reranker',
    'before 1.3, reranker/README.md',
    'torchrun --nproc_per_node 1 -m FlagEmbedding.reranker.run --output_dir out --model_name_or_path BAAI/bge-reranker-base --train_data ./toy_finetune_data.jsonl --learning_rate 6e-5 --fp16 --num_train_epochs 5 --per_device_train_batch_size 1 --gradient_accumulation_steps 4 --dataloader_drop_last True --train_group_size 16 --max_len 512 --weight_decay 0.01 --logging_steps 10',
  ),
  flagEmbedding(
    'embedder',
    'before 1.3, finetune/README.md',
    'torchrun --nproc_per_node 1 -m FlagEmbedding.baai_general_embedding.finetune.run --output_dir out --model_name_or_path BAAI/bge-large-zh-v1.5 --train_data ./toy_finetune_data.jsonl --learning_rate 1e-5 --fp16 --num_train_epochs 5 --per_device_train_batch_size 1 --dataloader_drop_last True --normlized True --temperature 0.02 --query_max_len 64 --passage_max_len 256 --train_group_size 2 --negatives_cross_device --logging_steps 10 --save_steps 1000 --query_instruction_for_retrieval ""',
  ),
];

/** The words of a command line, as a shell splits it: by spaces, those in quotes together. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([whole, double, single]) => double ?? single ?? whole);
