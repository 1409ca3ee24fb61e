import { loraDefaults, type Presets, trainerDefaults } from './presets.js';

const pointwise = {
  loss_type: 'pointwise_bce',
  min_label: 0,
  max_label: 1,
  epochs: 2,
  lr: 5e-5,
  seed: 666,
  warmup_proportion: 0.1,
  save_on_epoch_end: true,
  num_max_checkpoints: 5,
  log_interval: 10,
} as const;

const grouped = {
  train_dataset_type: 'grouped',
  train_label_key: 'label',
  train_group_size: 10,
  val_dataset_type: 'grouped',
  val_label_key: 'label',
  shuffle_rate: 0,
  max_len: 512,
  loss_type: 'pairwise_ranknet',
  epochs: 2,
  seed: 42,
  warmup_proportion: 0.1,
  gradient_accumulation_steps: 2,
} as const;

const flagEmbedding = {
  ...trainerDefaults,
  loss_type: 'group_softmax',
  train_group_size: 8,
  query_max_len: 32,
  passage_max_len: 128,
  shuffle_rate: 0,
} as const;

/** The recipes that the originals ship for rerankers: config/*.yaml of RAG-Retrieval 4193c8c and 950da57, and the defaults of FlagEmbedding's trainers. */
export const rerankerPresets = {
  'bert-reranker': {
    about: 'RAG-Retrieval’s training_bert.yaml: RankNet over groups of 10',
    settings: {
      ...grouped,
      model_type: 'bert_encoder',
      lr: 5e-5,
      batch_size: 8,
      stable_proportion: 0,
      mixed_precision: 'fp16',
      save_on_epoch_end: true,
      num_max_checkpoints: 5,
      log_interval: 10,
    },
  },
  'bert-reranker-pointwise': {
    about: 'its older one, also on a teacher’s scores: BCE, 96 pairs',
    settings: {
      ...pointwise,
      model_type: 'bert_encoder',
      max_len: 512,
      batch_size: 96,
      gradient_accumulation_steps: 1,
      mixed_precision: 'fp16',
    },
  },
  'llm-reranker': {
    about: 'its training_llm.yaml: a language model with a head, RankNet over groups of 10',
    settings: {
      ...grouped,
      model_type: 'llm_decoder',
      query_format: 'query: {}',
      document_format: 'document: {}',
      seq: '\n',
      special_token: '\nrelevance',
      lr: 1e-5,
      batch_size: 2,
      stable_proportion: 0.5,
      mixed_precision: 'bf16',
      save_on_epoch_end: false,
      num_max_checkpoints: 2,
      log_interval: 1,
    },
  },
  'llm-reranker-pointwise': {
    about: 'its older one: BCE, 1,024 tokens',
    settings: {
      ...pointwise,
      model_type: 'llm_decoder',
      query_format: 'query: {}',
      document_format: 'document: {}',
      seq: '\n',
      special_token: '</s>',
      max_len: 1024,
      batch_size: 12,
      gradient_accumulation_steps: 2,
      mixed_precision: 'bf16',
    },
  },
  'flagembedding-reranker': {
    about: 'the defaults of FlagEmbedding’s encoder_only.base',
    settings: { ...flagEmbedding, model_type: 'bert_encoder' },
  },
  'flagembedding-llm-reranker': {
    about: 'of its decoder_only.base and decoder_only.layerwise, with LoRA',
    settings: { ...flagEmbedding, ...loraDefaults, model_type: 'decoder', seq: '\n' },
  },
} as const satisfies Presets;
