import { input } from '@rag/onnx';
import { expect, test } from 'vitest';
import { inBatchHead, scoredHead } from './heads.js';

const vectors = input('token_vectors', 'float32', ['tokens', 8]);

test('scores are of every query with every candidate, or with its own list', () => {
  const inBatch = inBatchHead(vectors, { temperature: 0.02 });
  expect(inBatch.scores.shape).toEqual(['queries', 'candidates']);
  expect(Object.keys(inBatch.inputs)).toEqual([
    'query_index',
    'query_weight',
    'candidate_index',
    'target',
    'mask',
    'row_weight',
  ]);
  expect(scoredHead(vectors, 0.02).scores.shape).toEqual(['queries', 'size']);
});

test('a teacher’s scores are read where they are to be learned from', () => {
  const { inputs } = inBatchHead(vectors, { temperature: 0.02, distill: 'm3_kd_loss' });
  expect(Object.keys(inputs).slice(-3)).toEqual(['group_index', 'group_mask', 'teacher_scores']);
});
