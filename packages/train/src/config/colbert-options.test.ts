import { expect, test } from 'vitest';
import { examineOptions } from '../testing/option-exam.js';
import { colbertOptions } from './colbert-options.js';
import { canonicalKey, resolveSettings } from './resolve.js';

/** RAG-Retrieval 4193c8c and 950da57, FlagEmbedding's embedders. */
const originals = `
  model_name_or_path dataset query_max_len passage_max_len neg_nums temperature colbert_dim epochs lr batch_size seed
  warmup_proportion gradient_accumulation_steps mixed_precision save_on_epoch_end num_max_checkpoints output_dir log_with
  unified_finetuning use_self_distill fix_encoder self_distill_start_step negatives_cross_device`
  .trim()
  .split(/\s+/);

test('every key of the originals is known', () => {
  expect(originals.filter((key) => canonicalKey(colbertOptions, key) === undefined)).toEqual([]);
});

examineOptions(colbertOptions);

test('the defaults are those of the originals', () => {
  const { config, notActive } = resolveSettings(colbertOptions, []);
  expect(notActive).toEqual([]);
  expect(config).toMatchObject({
    negNums: 15,
    queryMaxLen: 128,
    passageMaxLen: 512,
    warmupProportion: 0.05,
    lr: 5e-5,
    epochs: 2,
    seed: 666,
  });
});
