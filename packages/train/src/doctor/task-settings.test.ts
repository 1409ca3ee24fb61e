import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { tasks } from '../recipes/tasks.js';
import { surveyor } from './survey.js';
import { taskSettings } from './task-settings.js';

type Given = Readonly<Record<string, unknown>>;
const layers = (given: Given) => [
  Object.entries({ model_name_or_path: 'm', train_dataset: 'd', ...given }).map(([key, value]) => ({
    ...{ key, value, where: key },
  })),
];
const reranker = (given: Given = {}) =>
  taskSettings({ task: 'reranker', resolved: tasks.reranker.resolve(layers(given)) });
const embedding = (given: Given = {}) =>
  taskSettings({ task: 'embedding', resolved: tasks.embedding.resolve(layers(given)) });
const colbert = (given: Given = {}) =>
  taskSettings({ task: 'colbert', resolved: tasks.colbert.resolve(layers(given)) });

const groups = (count: number, without: number) => ({
  groups: { ...surveyor().survey().groups, count, withoutNegatives: { count: without } },
});
const examplesOf = async (settings: ReturnType<typeof embedding>, text: string) => {
  const files = { openData: async (path: string) => bytesSource(path, text) };
  const rows = await settings.train.read(files, ['d'], surveyor());
  const { name, kind } = settings.train.lossOf(rows.shapes);
  const { count, unfit } = rows.examples(name);
  return { name, kind, count, unfit: unfit.length };
};

test('a reranker has one length, a range of labels or groups', () => {
  expect(reranker({ max_label: 4 })).toMatchObject({
    labelRange: { min: 0, max: 4 },
    lengths: { max_len: 512 },
  });
  expect(reranker({ loss_type: 'group_softmax', train_group_size: 5 })).toMatchObject({ groupSize: 5 });
  expect(reranker().limits(100)).toEqual({ pair: 100 });
  expect(reranker().candidatesIn(groups(2, 0))).toBeUndefined();
});

test('retrievers have two, and a temperature where scores are cosines', () => {
  expect(embedding({ query_max_len: 64 }).limits(100)).toEqual({ query: 64, passage: 100 });
  expect(embedding().temperature).toBe(0.02);
  expect(embedding({ temperature: 1, pooling: 'cls' })).toMatchObject({ temperature: 1, pooling: 'cls' });
  expect(colbert({ temperature: 1 }).temperature).toBeUndefined();
  expect(embedding({ normalize_embeddings: false }).temperature).toBeUndefined();
});

test('passages that a query meets in its batch', () => {
  const given = { batch_size: 4, neg_nums: 3 };
  expect(embedding(given).candidatesIn(groups(2, 0))).toBe(13);
  expect(embedding({ ...given, others_positives: true }).candidatesIn(groups(2, 0))).toBe(16);
  expect(embedding(given).candidatesIn(groups(2, 2))).toBe(4);
  expect(embedding({ ...given, neg_nums: 0 }).candidatesIn(groups(2, 0))).toBe(4);
  expect(embedding({ batch_size: 4, train_group_size: 3 }).candidatesIn(groups(2, 0))).toBe(9);
});

test('examples are counted as training makes them', async () => {
  const pair = '{"query": "q", "pos": ["a", "b"]}';
  expect(await examplesOf(embedding(), pair)).toEqual({
    name: 'infonce',
    kind: 'in-batch',
    count: 2,
    unfit: 0,
  });
  expect(await examplesOf(embedding({ train_group_size: 4 }), pair)).toMatchObject({ count: 1 });
  const scored =
    '{"query": "q", "pos": ["a", "b"], "scores": [1, 0]}\n{"query": "r", "pos": ["a"], "scores": [1]}';
  expect(await examplesOf(embedding(), scored)).toMatchObject({ name: 'kl_divergence', count: 1 });
  expect(await examplesOf(embedding({ loss_type: 'cosent' }), scored)).toMatchObject({
    kind: 'scores',
    count: 2,
  });
  expect(await examplesOf(colbert(), scored)).toMatchObject({ name: 'kl_divergence', count: 1 });
  const distill = embedding({ train_type: 'distill', train_dataset_vec: 'v' });
  expect(await examplesOf(distill, '{"text": "t"}')).toMatchObject({
    name: 'distill',
    kind: 'vectors',
    count: 1,
  });
  expect(await examplesOf(embedding(), '{"text": "t"}')).toMatchObject({ count: 0, unfit: 1 });
  const lists = '{"query": "q", "pos": ["a", "b"], "neg": ["c"]}';
  expect(await examplesOf(reranker(), lists)).toMatchObject({ name: 'pointwise_bce', count: 3 });
  const grouped = reranker({ loss_type: 'group_softmax' });
  expect(await examplesOf(grouped, lists)).toMatchObject({ kind: 'group', count: 1 });
});

test('what is trained', () => {
  expect(embedding()).toMatchObject({ useLora: false, trainsAll: true });
  expect(embedding({ use_lora: true })).toMatchObject({ useLora: true, trainsAll: false });
  expect(embedding({ freeze: ['*'] })).toMatchObject({ useLora: false, trainsAll: false });
});
