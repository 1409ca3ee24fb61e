import { objectiveSpecs } from '@rag/runtime';
import { expect, test } from 'vitest';
import { tinyConfig, tinySettings } from '../testing/tiny.js';
import { colbertObjective } from './objective.js';
import { sparseParameters } from './unified-head.js';

const config = tinyConfig();
const settings = tinySettings();

test('the weights of terms are parameters as BGE-M3 names them', () => {
  expect(sparseParameters(16)).toEqual([
    expect.objectContaining({ name: 'sparse_linear.weight', shape: [1, 16] }),
    expect.objectContaining({ name: 'sparse_linear.bias', shape: [1] }),
  ]);
});

test('a plan is cut at all three kinds of vectors', () => {
  const objective = colbertObjective({ config, settings, gradCache: true, loss: { kind: 'unified' } });
  const { cuts, chunkCut } = objective.build('train');
  expect(cuts!.map((cut) => Object.keys(cut))).toEqual([['token_vectors', 'token_weights', 'text_vectors']]);
  expect(chunkCut).toBe('token_vectors');
});

test('a teacher and self-distillation are fed where they are asked for', () => {
  const names = (more: object) =>
    objectiveSpecs(colbertObjective({ config, settings, loss: { kind: 'unified', ...more } })).inputs.map(
      ({ name }) => name,
    );
  const plain = names({});
  expect(plain).toEqual(
    expect.arrayContaining(['first_token', 'term_rows', 'query_terms', 'candidate_terms', 'query_text']),
  );
  const more = names({ distill: 'kl_div', selfDistill: true });
  expect(more.filter((name) => !plain.includes(name)).toSorted()).toEqual([
    'group_index',
    'group_mask',
    'self_distill',
    'teacher_scores',
  ]);
});
