import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const launcher = (lines: string) => `compute_environment: LOCAL_MACHINE
${lines}
machine_rank: 0
main_training_function: main
num_machines: 1
use_cpu: false
`;
const fsdp = (layer: string) =>
  launcher(`distributed_type: FSDP
downcast_bf16: 'no'
fsdp_config:
  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP
  fsdp_backward_prefetch_policy: NO_PREFETCH
  fsdp_offload_params: false
  fsdp_sharding_strategy: 3
  fsdp_state_dict_type: FULL_STATE_DICT
  fsdp_transformer_layer_cls_to_wrap: ${layer}
mixed_precision: 'no'
num_processes: 2
rdzv_backend: static
same_network: true
tpu_env: []
tpu_use_cluster: false
tpu_use_sudo: false`);
const zero = (stage: number) =>
  launcher(`deepspeed_config:
 gradient_clipping: "auto"
 offload_optimizer_device: none
 offload_param_device: none
 zero3_init_flag: true
 zero_stage: ${stage}
 train_micro_batch_size_per_gpu: "auto"
distributed_type: DEEPSPEED
fsdp_config: {}
main_process_ip: null
main_process_port: null
num_processes: 2`);
const deepspeed = (stage: number) =>
  JSON.stringify({
    zero_optimization: { stage },
    fp16: { enabled: 'auto', loss_scale: 0 },
    bf16: { enabled: 'auto' },
    optimizer: { type: 'AdamW', params: { lr: 'auto', betas: 'auto', eps: 'auto', weight_decay: 'auto' } },
    scheduler: {
      type: 'WarmupDecayLR',
      params: {
        warmup_min_lr: 'auto',
        warmup_max_lr: 'auto',
        warmup_num_steps: 'auto',
        total_num_steps: 'auto',
      },
    },
    gradient_accumulation_steps: 'auto',
    gradient_clipping: 'auto',
    steps_per_print: 100,
    train_batch_size: 'auto',
    train_micro_batch_size_per_gpu: 'auto',
    wall_clock_breakdown: false,
  });

const data = '../../../example_data';
const saving = 'save_on_epoch_end: 1\nnum_max_checkpoints: 5';
const grouped = `train_dataset: "${data}/grouped_reranker_train_data_listwise_label.jsonl"
train_dataset_type: "grouped"
train_label_key: "label"
train_group_size: 10
shuffle_rate: 0.0
max_len: 512
val_dataset: "${data}/grouped_reranker_eval_data.jsonl"
val_dataset_type: "grouped"
val_label_key: "label"
loss_type: "pairwise_ranknet"`;
const old = (train: string, more: string) => `num_labels: 1
train_dataset: "${data}/${train}"
val_dataset: "${data}/t2rank_100.small.jsonl"
max_label: 1
min_label: 0
loss_type: "point_ce"
epochs: 2
lr: 5e-5
seed: 666
warmup_proportion: 0.1
log_interval: 10
log_with: "wandb"
${saving}
${more}`;
const oldBert = (train: string) =>
  old(
    train,
    `model_name_or_path: "./bge-reranker-m3-base"
model_type: "bert_encoder"
max_len: 512
query_format: "{}"
document_format: "{}"
output_dir: "./output/t2ranking_100_example"
batch_size: 96
gradient_accumulation_steps: 1
mixed_precision: fp16
`,
  );

const reranker = 'rag_retrieval/train/reranker/config';
const embedding = 'rag_retrieval/train/embedding/config';

/** The settings files that the commands of the originals name, by their paths, with their keys and values. */
export const originalFiles: Readonly<Record<string, string>> = {
  'config/default_fsdp.yaml': fsdp('BertLayer'),
  'config/xlmroberta_default_config.yaml': fsdp('XLMRobertaLayer'),
  'config/deepspeed/deepspeed_zero1.yaml': zero(1),
  'config/deepspeed/deepspeed_zero2.yaml': zero(2),
  'examples/finetune/ds_stage0.json': deepspeed(0),
  'examples/finetune/ds_stage1.json': deepspeed(1),
  [`${reranker}/training_bert.yaml`]: `model_name_or_path: "BAAI/bge-reranker-v2-m3"
model_type: "bert_encoder"
num_labels: 1
query_format: "{}"
document_format: "{}"
${grouped}
output_dir: "./output/bert"
${saving}
epochs: 2
lr: 5e-5
batch_size: 8
seed: 42
warmup_proportion: 0.1
stable_proportion: 0.0
gradient_accumulation_steps: 2
mixed_precision: fp16
log_interval: 10
log_with: "wandb"
`,
  [`${reranker}/training_llm.yaml`]: `model_name_or_path: "Qwen/Qwen2.5-1.5B"
model_type: "llm_decoder"
num_labels: 1
query_format: "query: {}"
document_format: "document: {}"
seq: "\\n"
special_token: "\\nrelevance"
${grouped}
output_dir: "./output/llm"
save_on_epoch_end: 0
num_max_checkpoints: 2
epochs: 2
lr: 1e-5
batch_size: 2
seed: 42
warmup_proportion: 0.1
stable_proportion: 0.5
gradient_accumulation_steps: 2
mixed_precision: bf16
log_interval: 1
log_with: "wandb"
`,
  [`${reranker}/old_bert.yaml`]: oldBert('t2rank_100.jsonl'),
  [`${reranker}/distilling_bert.yaml`]: oldBert('t2rank_100.distill.standard.jsonl'),
  [`${reranker}/old_llm.yaml`]: old(
    't2rank_100.jsonl',
    `model_name_or_path: "./Qwen2.5-1.5B-Instruct/"
model_type: "llm_decoder"
max_len: 1024
query_format: "query: {}"
document_format: "document: {}"
seq: "\\n"
special_token: "</s>"
output_dir: "./output/t2ranking_100_example_llm"
batch_size: 12
gradient_accumulation_steps: 2
mixed_precision: bf16
`,
  ),
  [`${embedding}/training_embedding.yaml`]: `model_name_or_path: "BAAI/bge-base-zh-v1.5"
train_type: "train"
train_dataset: "${data}/t2rank_100.jsonl"
neg_nums: 5
query_max_len: 128
passage_max_len: 512
shuffle: true
output_dir: "./output/t2ranking_100_example"
${saving}
temperature: 0.02
epochs: 2
lr: 2e-5
batch_size: 8
seed: 666
warmup_proportion: 0.1
gradient_accumulation_steps: 3
mixed_precision: bf16
all_gather: True
gradient_checkpointing: True
use_mrl: false
mrl_dims: "128, 256, 512, 768, 1024, 1280, 1536, 1792"
log_interval: 10
log_with: "wandb"
`,
  [`${embedding}/distill_embedding.yaml`]: `model_name_or_path: "BAAI/bge-base-zh-v1.5"
train_type: "distill"
train_dataset: "${data}/t2rank_100.jsonl.text.jsonl"
train_dataset_vec: "${data}/t2rank_100.embedding.conan.xiaobu.mmap"
query_max_len: 512
teatch_emebedding_dim: 3584
shuffle: false
output_dir: "./output/t2ranking_100_example_distill"
${saving}
epochs: 2
lr: 1e-4
batch_size: 128
seed: 666
warmup_proportion: 0.05
gradient_accumulation_steps: 1
mixed_precision: bf16
gradient_checkpointing: True
use_mrl: true
mrl_dims: "256,512,1024,1536,2048,2560,3072,3584"
log_interval: 10
log_with: "wandb"
`,
};

/** Writes files by their paths under a folder. */
export async function writeFiles(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
