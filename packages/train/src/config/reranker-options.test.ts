import { expect, test } from 'vitest';
import { examineOptions } from '../testing/option-exam.js';
import { rerankerOptions } from './reranker-options.js';
import { canonicalKey, resolveSettings } from './resolve.js';

/** RAG-Retrieval 4193c8c and 950da57, the seeds, and FlagEmbedding with transformers' arguments. */
const originals = `
  model_name_or_path model_type train_dataset train_dataset_type train_group_size train_label_key val_dataset
  val_dataset_type val_label_key shuffle_rate max_label min_label max_len query_format document_format seq
  special_token num_labels loss_type epochs lr batch_size seed warmup_proportion stable_proportion
  gradient_accumulation_steps mixed_precision save_on_epoch_end num_max_checkpoints output_dir log_interval log_with
  dataset config_name tokenizer_name cache_dir trust_remote_code use_fast_tokenizer token train_data cache_path
  query_max_len passage_max_len pad_to_multiple_of max_example_num_per_dataset query_instruction_for_rerank
  passage_instruction_for_rerank query_instruction_format passage_instruction_format knowledge_distillation
  shuffle_ratio sep_token sub_batch_size use_lora lora_rank lora_alpha lora_dropout use_flash_attn learning_rate
  num_train_epochs per_device_train_batch_size weight_decay warmup_ratio warmup_steps lr_scheduler_type max_grad_norm
  adam_beta1 adam_beta2 adam_epsilon fp16 bf16 dataloader_drop_last logging_steps save_steps save_total_limit
  gradient_checkpointing deepspeed overwrite_output_dir resume_from_checkpoint report_to`
  .trim()
  .split(/\s+/);

test('every key of the originals is known', () => {
  expect(originals.filter((key) => canonicalKey(rerankerOptions, key) === undefined)).toEqual([]);
});

examineOptions(rerankerOptions);

test('the defaults are those of the originals', () => {
  const { config, notActive } = resolveSettings(rerankerOptions, []);
  expect(notActive).toEqual([]);
  expect(config).toMatchObject({
    lossType: 'pointwise_bce',
    lr: 5e-5,
    batchSize: 8,
    epochs: 2,
    maxLen: 512,
    warmupProportion: 0.1,
    stableProportion: 0,
    gradientAccumulationSteps: 1,
    seed: 666,
    trainGroupSize: 8,
    minLabel: 0,
    maxLabel: 1,
    shuffleRate: 0,
    numMaxCheckpoints: 5,
    logInterval: 10,
    outputDir: './output',
    weightDecay: 0.01,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-8,
    // Unlike the originals, which neither clip nor save at the end of an epoch unless told.
    maxGradNorm: 1,
    saveOnEpochEnd: true,
  });
});
