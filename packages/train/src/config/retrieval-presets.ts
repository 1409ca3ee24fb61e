import { loraDefaults, type Presets, trainerDefaults } from './presets.js';

const ragRetrieval = {
  temperature: 0.02,
  query_max_len: 128,
  passage_max_len: 512,
  epochs: 2,
  seed: 666,
  warmup_proportion: 0.1,
  save_on_epoch_end: true,
  num_max_checkpoints: 5,
  log_interval: 10,
} as const;

const embedding = {
  ...ragRetrieval,
  train_type: 'train',
  shuffle: true,
  lr: 2e-5,
  gradient_accumulation_steps: 3,
  use_mrl: false,
} as const;

const flagEmbedding = {
  ...trainerDefaults,
  temperature: 0.02,
  train_group_size: 8,
  query_max_len: 32,
  passage_max_len: 128,
  // All passages of the batch stand against a query.
  others_positives: true,
} as const;

/** The recipes that the originals ship for embedding models: config/*.yaml of RAG-Retrieval 4193c8c and 950da57, and the defaults of FlagEmbedding's trainers. */
export const embeddingPresets = {
  embedding: {
    about: 'RAG-Retrieval’s training_embedding.yaml: 8 queries with 5 negatives',
    settings: {
      ...embedding,
      neg_nums: 5,
      batch_size: 8,
      mixed_precision: 'bf16',
      all_gather: true,
      gradient_checkpointing: true,
    },
  },
  'embedding-large-batch': {
    about: 'its older one: 32 queries with 15 negatives',
    settings: { ...embedding, neg_nums: 15, batch_size: 32, mixed_precision: 'fp16' },
  },
  'distill-embedding': {
    about: 'its distill_embedding.yaml: a teacher’s vectors, Matryoshka',
    settings: {
      train_type: 'distill',
      query_max_len: 512,
      teacher_embedding_dim: 3584,
      shuffle: false,
      epochs: 2,
      lr: 1e-4,
      batch_size: 128,
      seed: 666,
      warmup_proportion: 0.05,
      gradient_accumulation_steps: 1,
      mixed_precision: 'bf16',
      gradient_checkpointing: true,
      use_mrl: true,
      mrl_dims: [256, 512, 1024, 1536, 2048, 2560, 3072, 3584],
      save_on_epoch_end: true,
      num_max_checkpoints: 5,
      log_interval: 10,
    },
  },
  'flagembedding-embedding': {
    about: 'the defaults of FlagEmbedding’s encoder_only.base',
    settings: { ...flagEmbedding, pooling: 'cls' },
  },
  'flagembedding-llm-embedding': {
    about: 'of its decoder_only.base, with LoRA',
    settings: { ...flagEmbedding, ...loraDefaults, pooling: 'lasttoken' },
  },
} as const satisfies Presets;

/** The recipes that the originals ship for ColBERT: train_colbert.sh of RAG-Retrieval 950da57, and the defaults of FlagEmbedding's M3. */
export const colbertPresets = {
  colbert: {
    about: 'RAG-Retrieval’s train_colbert.sh: 4 queries with 15 negatives',
    settings: {
      ...ragRetrieval,
      colbert_dim: 768,
      neg_nums: 15,
      lr: 5e-6,
      batch_size: 4,
      gradient_accumulation_steps: 12,
    },
  },
  'flagembedding-m3': {
    about: 'the defaults of FlagEmbedding’s encoder_only.m3',
    settings: flagEmbedding,
  },
} as const satisfies Presets;
