import { expect, test } from 'vitest';
import { resolveColbert } from '../config/colbert-config.js';
import { settingsOf } from '../config/resolve.js';
import { withFrozenParts } from './frozen-parts.js';

const names = ['embeddings.position_embeddings.weight', 'encoder.layer.0.output.dense.bias', 'linear.weight'];
const behind = new Set(['linear.weight']);
const config = (options: Record<string, unknown>) =>
  resolveColbert([settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', ...options })]).config;

test('position embeddings are frozen beside what freeze names', () => {
  const settings = config({ fixPositionEmbedding: true, freeze: ['encoder.*'] });
  const { freeze, trainable } = withFrozenParts(settings, names, behind);
  expect({ freeze, trainable }).toEqual({
    freeze: ['encoder.*', 'embeddings.position_embeddings.weight'],
    trainable: undefined,
  });
});

test('a fixed encoder leaves what stands behind it', () => {
  const { freeze, trainable } = withFrozenParts(config({ fixEncoder: true }), names, behind);
  expect({ freeze, trainable }).toEqual({ freeze: undefined, trainable: ['linear.weight'] });
});

test('without them the settings stay', () => {
  const settings = config({});
  expect(withFrozenParts(settings, names, behind)).toBe(settings);
});

test('a model without position embeddings has none to fix', () => {
  expect(() => withFrozenParts(config({ fixPositionEmbedding: true }), names.slice(1), behind)).toThrow(
    'fix_position_embedding: expected a model with position embeddings, got one without (its positions are computed) — leave it out',
  );
});
