import { bytesSource, openDataset } from '@rag/data';
import { lossByName, type NamedGroupLoss } from '@rag/losses';
import { expect, test } from 'vitest';
import { checkRowShapes, groupMaker, openRerankerData, partsOf, usesTeacher } from './reranker-data.js';

const config = { seed: 1, shuffleRate: 0, trainGroupSize: 3, knowledgeDistillation: false };
const lists = { query: 'q', pos: ['p'], neg: ['a', 'b', 'c'] };
const scored = { ...lists, pos_scores: [0.9], neg_scores: [0.1, 0.2, 0.3] };
const hits = { query: 'q', hits: [3, 1, 0].map((label, i) => ({ content: `h${i}`, label })) };
const pair = { query: 'q', content: 'a', label: 1 };

const groupsOf = async (name: string, rows: unknown[], distillation = false) => {
  const source = bytesSource('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const loss = lossByName(name) as NamedGroupLoss;
  const maker = groupMaker({ ...config, knowledgeDistillation: distillation }, loss);
  const dataset = await openDataset([source], maker);
  const groups = [];
  for (let i = 0; i < dataset.length; i++) groups.push(await dataset.example(i, 0));
  return groups;
};

test('positives and negatives become groups with the positive first; hits become groups of hits', async () => {
  const groups = await groupsOf('group_softmax', [lists, hits]);
  expect(groups).toHaveLength(2);
  expect(groups[0]).toMatchObject({ labels: [1, 0, 0] });
  expect(groups[0]!.contents[0]).toBe('p');
  expect([...groups[1]!.labels].sort()).toEqual([0, 1, 3]);
});

test('losses over grades rank scored rows by their scores; the softmax takes positives as they are', async () => {
  const graded = await groupsOf('listwise_ce', [scored]);
  expect(graded.flatMap(({ labels }) => labels).some((label) => label === 0.9)).toBe(true);
  const plain = await groupsOf('group_softmax', [scored]);
  expect(plain.map(({ labels, teacherScores }) => [labels, teacherScores])).toEqual([[[1, 0, 0], undefined]]);
});

test('a teacher’s scores are handed on where the loss reads them', async () => {
  for (const [name, distillation] of [
    ['kl_divergence', false],
    ['group_softmax', true],
  ] as const) {
    const [group] = await groupsOf(name, [scored], distillation);
    expect(group!.teacherScores![0]).toBe(0.9);
    expect(group!.labels).toEqual([1, 0, 0]);
  }
  expect(usesTeacher(lossByName('group_softmax'), { knowledgeDistillation: false })).toBe(false);
  expect(usesTeacher(lossByName('pointwise_bce'), { knowledgeDistillation: true })).toBe(false);
});

test('rows that the loss cannot read are errors with file, line and remedy', async () => {
  await expect(groupsOf('pairwise_ranknet', [lists, pair])).rejects.toThrow(
    'rows.jsonl:2: expected "pos" and "neg", or "hits" for the loss pairwise_ranknet, got a "labelled" row — choose a pointwise loss such as pointwise_bce',
  );
  await expect(groupsOf('margin_mse', [hits])).rejects.toThrow(
    'rows.jsonl:1: expected "pos" and "neg" with "pos_scores" and "neg_scores" for the loss margin_mse, got a "hits" row — choose another loss',
  );
  await expect(groupsOf('kl_divergence', [lists])).rejects.toThrow('rows.jsonl:1: expected "pos_scores"');
});

test('train_dataset_type is a promise that is checked', () => {
  expect(() => checkRowShapes('train_dataset_type', undefined, { hits: 1, scored: 2 })).not.toThrow();
  expect(() => checkRowShapes('train_dataset_type', 'grouped', { hits: 1, lists: 2 })).not.toThrow();
  expect(() => checkRowShapes('val_dataset_type', 'pointwise', { lists: 1, hits: 3 })).toThrow(
    'val_dataset_type: expected pointwise rows, {query, content, label}, got 3 hits rows',
  );
  expect(() => checkRowShapes('train_dataset_type', 'grouped', { labelled: 4 })).toThrow(
    'train_dataset_type: expected grouped rows, {query, hits} or {query, pos, neg}, got 4 labelled rows',
  );
});

test('distillation with a loss that has no use for a teacher is an error; sources are closed then', async () => {
  let closed = 0;
  const source = { ...bytesSource('rows.jsonl', JSON.stringify(hits)), close: async () => void closed++ };
  const files = { openData: async () => source } as never;
  const open = (settings: object, loss: string) =>
    openRerankerData(
      files,
      {
        ...config,
        trainDataset: ['rows.jsonl'],
        minLabel: 0,
        maxLabel: 3,
        batchSize: 1,
        maxExampleNumPerDataset: 10,
        ...settings,
      } as never,
      lossByName(loss),
    );
  await expect(open({ knowledgeDistillation: true }, 'pairwise_ranknet')).rejects.toThrow(
    "knowledge_distillation: expected a loss that reads a teacher's scores, got pairwise_ranknet",
  );
  expect(closed).toBe(0);
  await expect(open({ trainDatasetType: 'pointwise' }, 'pointwise_bce')).rejects.toThrow('got 1 hits rows');
  expect(closed).toBe(1);
  const data = await open({}, 'pointwise_bce');
  expect([data.batchesPerEpoch, data.summary.rows]).toEqual([3, 1]);
  await data.close();
});

test('a batch in parts keeps its order, its numbers, and what is repeated at its end', () => {
  const examples = ['a', 'b', 'c', 'd', 'e'];
  const parts = partsOf({ examples, indices: Uint32Array.of(5, 6, 7, 8, 9), repeated: 3 }, 2);
  expect(parts).toEqual([
    { examples: ['a', 'b'], indices: [5, 6], repeated: 0 },
    { examples: ['c', 'd'], indices: [7, 8], repeated: 2 },
    { examples: ['e'], indices: [9], repeated: 1 },
  ]);
  expect(partsOf({ examples, indices: [5, 6, 7, 8, 9] }, 5)).toHaveLength(1);
});
