import { expect, test } from 'vitest';
import { examineOptions } from '../testing/option-exam.js';
import { embeddingOptions } from './embedding-options.js';
import { canonicalKey, resolveSettings } from './resolve.js';

/** RAG-Retrieval 4193c8c and 950da57, FlagEmbedding's embedders. */
const originals = `
  model_name_or_path train_type train_dataset train_dataset_vec val_dataset shuffle query_max_len passage_max_len neg_nums
  temperature use_mrl mrl_dims teacher_emebedding_dim teatch_emebedding_dim all_gather gradient_checkpointing epochs lr
  batch_size seed warmup_proportion gradient_accumulation_steps mixed_precision save_on_epoch_end save_steps eval_steps
  num_max_checkpoints output_dir log_interval log_with negatives_cross_device fix_position_embedding
  sentence_pooling_method normalize_embeddings sub_batch_size kd_loss_type same_dataset_within_batch small_threshold
  drop_threshold knowledge_distillation train_group_size`
  .trim()
  .split(/\s+/);

test('every key of the originals is known', () => {
  expect(originals.filter((key) => canonicalKey(embeddingOptions, key) === undefined)).toEqual([]);
});

examineOptions(embeddingOptions);

test('the defaults are those of the originals', () => {
  const { config, notActive } = resolveSettings(embeddingOptions, []);
  expect(notActive).toEqual([]);
  expect(config).toMatchObject({
    negNums: 15,
    queryMaxLen: 128,
    passageMaxLen: 512,
    trainType: 'train',
    useMrl: false,
    mrlDims: [128, 256, 512, 768, 1024, 1280, 1536, 1792],
    warmupProportion: 0.05,
    lr: 5e-5,
    epochs: 2,
    seed: 666,
  });
});
