import { expect, test } from 'vitest';
import { resolveColbert } from './colbert-config.js';
import { settingsOf } from './resolve.js';

const resolve = (options: Record<string, unknown>) =>
  resolveColbert([settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', ...options })]);

test.each([
  [{ fixEncoder: true, useLora: true }, 'expected no use_lora beside fix_encoder'],
  [{ fixEncoder: true, freeze: ['*'] }, 'expected no freeze beside fix_encoder'],
  [{ fixEncoder: true, fixPositionEmbedding: true }, 'expected no fix_position_embedding beside fix_encoder'],
  [{ normalizeEmbeddings: false }, 'expected normalize_embeddings true for ColBERT'],
  [{ useSelfDistill: true }, 'expected unified_finetuning true beside use_self_distill'],
  [
    { unifiedFinetuning: true, selfDistillStartStep: 0 },
    'expected use_self_distill true beside self_distill_start_step',
  ],
  [
    { unifiedFinetuning: true, lossType: 'kl_divergence' },
    'expected the loss infonce with unified_finetuning, got kl_divergence',
  ],
  [{ unifiedFinetuning: true, useLora: true }, 'expected no use_lora beside unified_finetuning'],
])('%j is refused', (options, message) => {
  expect(() => resolve(options)).toThrow(message);
});

test('the flags of FlagEmbedding’s M3 are understood', () => {
  const { config, notActive } = resolve({
    knowledgeDistillation: true,
    sameDatasetWithinBatch: true,
    smallThreshold: 0,
    dropThreshold: 0,
    temperature: 0.02,
    sentencePoolingMethod: 'cls',
    normalizeEmbeddings: true,
    kdLossType: 'm3_kd_loss',
    unifiedFinetuning: true,
    useSelfDistill: true,
    fixEncoder: false,
    selfDistillStartStep: 0,
    trainGroupSize: 8,
  });
  expect(notActive).toEqual([]);
  expect(config).toMatchObject({ unifiedFinetuning: true, selfDistillStartStep: 0, pooling: 'cls' });
});
