import type { TaskName } from '../recipes/tasks.js';

/** Settings of a run by their file keys, which together with the others have every key of a task. */
export interface KeyedRun {
  readonly task: TaskName;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What lies on disk, and on the hub, for such runs. */
export interface KeyedRunPlaces {
  /** config.json and a tokenizer, without weights. */
  readonly config: string;
  /** Directories of checkpoints. */
  readonly reranker: string;
  readonly embedding: string;
  readonly colbert: string;
  /** Of language models: one that answers, one with a head, one that embeds. */
  readonly answering: string;
  readonly scalar: string;
  readonly embedder: string;
  readonly layerwise: string;
  /** Directories of LoRA adapters of `answering`, `embedder` and `colbert`. */
  readonly adapters: Readonly<Record<'answering' | 'embedder' | 'colbert', string>>;
  /** Rows of graded hits, of positives and negatives with scores, of texts, and the teacher's vectors of these. */
  readonly hits: string;
  readonly lists: string;
  readonly texts: string;
  readonly vectors: { readonly path: string; readonly width: number };
  /** accelerate's file, and DeepSpeed's. */
  readonly accelerate: string;
  readonly deepspeed: string;
  /** Models `org/<task>` of revision v1, and what opens them. */
  readonly hub: { readonly token: string; readonly cache: string };
}

/** What every run has, so that it is short. */
const short = { epochs: 1, batch_size: 4, threads: 1, max_example_num_per_dataset: 6 };

/** Learning and what is written, of all tasks. */
const shared = (at: KeyedRunPlaces) => ({
  ...short,
  lr: 1e-4,
  gradient_accumulation_steps: 2,
  lr_scheduler_type: 'linear',
  warmup_proportion: 0.2,
  stable_proportion: 0.1,
  weight_decay: 0.02,
  max_grad_norm: 0.5,
  adam_beta1: 0.8,
  adam_beta2: 0.99,
  adam_epsilon: 1e-7,
  seed: 3,
  shuffle: false,
  provider: 'cpu',
  device_id: 0,
  mixed_precision: 'bf16',
  gradient_checkpointing: true,
  use_flash_attn: true,
  use_fast_tokenizer: false,
  trust_remote_code: true,
  num_processes: 1,
  zero_stage: 1,
  cache_path: 'cache',
  pad_to_multiple_of: 8,
  dataloader_num_workers: 2,
  overwrite_output_dir: true,
  save_on_epoch_end: true,
  num_max_checkpoints: 1,
  log_interval: 1,
  log_with: 'jsonl',
  run_name: 'every key',
  project_name: 'keys',
  export_onnx: true,
  eval_batch_size: 3,
  config_name: at.config,
  tokenizer_name: at.config,
});
/** What chooses among checkpoints, which a run of several evaluations has. */
const choosing = {
  save_steps: 1,
  eval_steps: 1,
  metric_for_best_model: 'mrr@10',
  greater_is_better: true,
  load_best_model_at_end: true,
  early_stopping_patience: 5,
  early_stopping_threshold: 0.01,
  on_collapse: 'off',
  resume_from_checkpoint: 'latest',
};
const fromHub = (task: TaskName, { hub }: KeyedRunPlaces) => ({
  ...short,
  model_name_or_path: `org/${task}`,
  token: hub.token,
  revision: 'v1',
  cache_dir: hub.cache,
});
const launched = (at: KeyedRunPlaces) => ({
  ...short,
  config_file: at.accelerate,
  deepspeed: at.deepspeed,
  warmup_steps: 1,
  dataloader_drop_last: true,
  fp16: true,
});
const lora = {
  use_lora: true,
  lora_rank: 4,
  lora_alpha: 8,
  lora_dropout: 0.05,
  use_rslora: true,
  target_modules: ['q_proj', 'v_proj'],
  exclude_modules: ['layers.0.self_attn.q_proj'],
  modules_to_save: ['norm'],
  save_merged_lora_model: true,
  frozen_dtype: 'bf16',
  bf16: true,
};
const frozen = { freeze: ['*embeddings*'], trainable: ['*word_embeddings*'], layer_split: true };

/** Runs that have every key of every task between them. */
export function everyKey(at: KeyedRunPlaces): readonly KeyedRun[] {
  const adapters = (from: string) => ({
    ...short,
    use_lora: true,
    from_peft: from,
    raw_peft: [from],
    save_merged_lora_model: true,
  });
  const rerankers: Record<string, object> = {
    'groups of hits': {
      ...shared(at),
      ...choosing,
      preset: 'bert-reranker',
      model_name_or_path: at.config,
      init_from_config: true,
      model_type: 'bert_encoder',
      num_labels: 1,
      train_dataset: at.hits,
      train_dataset_type: 'grouped',
      train_group_size: 3,
      train_label_key: 'label',
      val_dataset: at.hits,
      val_dataset_type: 'grouped',
      val_label_key: 'label',
      shuffle_rate: 0.5,
      max_len: 48,
      loss_type: 'pairwise_ranknet',
      sub_batch_size: 6,
    },
    'single pairs of the hub': {
      ...fromHub('reranker', at),
      train_dataset: at.lists,
      min_label: 0,
      max_label: 2,
      query_max_len: 16,
      passage_max_len: 32,
    },
    'the hub again, offline': { ...fromHub('reranker', at), offline: true, train_dataset: at.lists },
    launchers: { ...launched(at), ...frozen, model_name_or_path: at.reranker, train_dataset: at.lists },
    'a decoder that answers': {
      ...short,
      ...lora,
      model_name_or_path: at.answering,
      model_type: 'decoder',
      train_dataset: at.lists,
      loss_type: 'group_softmax',
      train_group_size: 2,
      knowledge_distillation: true,
      query_instruction_for_rerank: 'A: ',
      query_instruction_format: '{}{}',
      passage_instruction_for_rerank: 'B: ',
      passage_instruction_format: '{}{}',
    },
    'a decoder with a head': {
      ...short,
      model_name_or_path: at.scalar,
      model_type: 'llm_decoder',
      train_dataset: at.lists,
      query_format: 'query: {}',
      document_format: 'document: {}',
      seq: '\n',
      special_token: '\nrelevance',
    },
    'a layer-wise model': {
      ...short,
      model_name_or_path: at.layerwise,
      model_type: 'decoder',
      start_layer: 2,
      head_multi: true,
      head_type: 'simple',
      train_dataset: at.lists,
      loss_type: 'group_softmax',
      train_group_size: 2,
    },
    adapters: {
      ...adapters(at.adapters.answering),
      model_name_or_path: at.answering,
      model_type: 'decoder',
      train_dataset: at.lists,
    },
  };
  const retrieval = (preset: string) => ({
    ...shared(at),
    ...choosing,
    preset,
    model_name_or_path: at.config,
    init_from_config: true,
    train_dataset: at.lists,
    val_dataset: at.lists,
    query_max_len: 16,
    passage_max_len: 32,
    temperature: 0.05,
    others_positives: true,
    grad_cache: true,
    chunk_tokens: 256,
    sub_batch_size: 2,
    all_gather: true,
    instruction: 'Find: ',
    query_instruction_format: '{}{}',
    same_dataset_within_batch: true,
    small_threshold: 2,
    drop_threshold: 1,
  });
  const groups = { train_group_size: 3, knowledge_distillation: true, kd_loss_type: 'm3_kd_loss' };
  const embeddings: Record<string, object> = {
    'positives and negatives': {
      ...retrieval('embedding'),
      neg_nums: 2,
      pooling: 'cls',
      use_mrl: true,
      mrl_dims: [16, 8],
    },
    'passage groups': {
      ...short,
      ...groups,
      model_name_or_path: at.embedding,
      train_dataset: at.lists,
      normalize_embeddings: false,
      fix_position_embedding: true,
    },
    'the hub': { ...fromHub('embedding', at), train_dataset: at.lists, loss_type: 'infonce', compat: true },
    'the hub again, offline': { ...fromHub('embedding', at), offline: true, train_dataset: at.lists },
    distillation: {
      ...short,
      max_example_num_per_dataset: 100_000_000,
      model_name_or_path: at.embedding,
      train_type: 'distill',
      train_dataset: at.texts,
      train_dataset_vec: at.vectors.path,
      teacher_embedding_dim: at.vectors.width,
    },
    launchers: { ...launched(at), ...frozen, model_name_or_path: at.embedding, train_dataset: at.lists },
    'a decoder': {
      ...short,
      ...lora,
      model_name_or_path: at.embedder,
      train_dataset: at.lists,
      additional_special_tokens: ['<instruct>'],
      use_slow_tokenizer: true,
    },
    adapters: { ...adapters(at.adapters.embedder), model_name_or_path: at.embedder, train_dataset: at.lists },
  };
  const colberts: Record<string, object> = {
    'positives and negatives': { ...retrieval('colbert'), neg_nums: 2, colbert_dim: 8 },
    'passage groups': {
      ...short,
      ...groups,
      model_name_or_path: at.colbert,
      train_dataset: at.lists,
      fix_encoder: true,
    },
    'the hub': { ...fromHub('colbert', at), train_dataset: at.lists, loss_type: 'infonce', compat: true },
    'the hub again, offline': { ...fromHub('colbert', at), offline: true, train_dataset: at.lists },
    launchers: { ...launched(at), ...frozen, model_name_or_path: at.colbert, train_dataset: at.lists },
    'adapters from fresh ones': {
      ...short,
      ...lora,
      target_modules: ['query', 'value'],
      exclude_modules: ['layer.0.attention.self.query'],
      modules_to_save: ['linear'],
      model_name_or_path: at.colbert,
      train_dataset: at.lists,
    },
    adapters: { ...adapters(at.adapters.colbert), model_name_or_path: at.colbert, train_dataset: at.lists },
    'all kinds of vectors': {
      ...short,
      ...groups,
      model_name_or_path: at.colbert,
      train_dataset: at.lists,
      unified_finetuning: true,
      use_self_distill: true,
      self_distill_start_step: 0,
      pooling: 'cls',
      normalize_embeddings: true,
      fix_position_embedding: true,
    },
  };
  const of = (task: TaskName, runs: Record<string, object>): KeyedRun[] =>
    Object.entries(runs).map(([name, settings]) => ({ task, name, settings: { ...settings } }));
  return [...of('reranker', rerankers), ...of('embedding', embeddings), ...of('colbert', colberts)];
}
