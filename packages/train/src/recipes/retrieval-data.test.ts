import { bytesSource, type Dataset } from '@rag/data';
import { expect, test } from 'vitest';
import type { RunFiles } from '../run-files.js';
import {
  chunksOf,
  describeData,
  lossOf,
  lossOfRows,
  openContrastive,
  openScored,
  taskData,
} from './retrieval-data.js';

const pair = { query: 'a', pos: ['x'] };
const triplet = { query: 'b', pos: ['y'], neg: ['z'] };
const scored = (query: string, ...scores: number[]) => ({
  query,
  pos: scores.map((_, i) => `p${i}`),
  scores,
});

/** Files of one path. */
const filesOf = (...rows: object[]) =>
  ({
    openData: async () => bytesSource('train.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
  }) as unknown as RunFiles;
const settings = {
  ...{ trainDataset: ['train.jsonl'], seed: 1, negNums: 2, compat: false, batchSize: 4 },
  ...{ trainGroupSize: undefined, knowledgeDistillation: false },
  ...{ sameDatasetWithinBatch: false, smallThreshold: 0, dropThreshold: 0 },
  maxExampleNumPerDataset: 1000,
};
const examplesOf = <E>(dataset: Dataset<E>) =>
  Promise.all(Array.from({ length: dataset.length }, (_, i) => dataset.example(i, 0)));

const shuffled = { seed: 1, batchSize: 2, shuffle: true, dataloaderDropLast: false };

test('rows say what they are for', async () => {
  expect(await lossOfRows(filesOf(scored('a', 1, 0)), ['t'])).toBe('kl_divergence');
  expect(await lossOfRows(filesOf(pair, triplet), ['t'])).toBe('infonce');
  expect(await lossOfRows(filesOf(pair, scored('a', 1)), ['t'])).toBe('infonce');
});

test('a query alone in its batch needs negatives of its own', async () => {
  const alone = { ...settings, batchSize: 1 };
  expect((await openContrastive(filesOf(pair), settings)).length).toBe(1);
  expect((await openContrastive(filesOf(triplet), alone)).length).toBe(1);
  const refused = 'expected at least 2 for rows without negatives';
  await expect(openContrastive(filesOf(pair), alone)).rejects.toThrow(refused);
  await expect(openContrastive(filesOf(triplet), { ...alone, negNums: 0 })).rejects.toThrow(refused);
});

test('of a file with more rows so many are drawn, and a short last batch may be left out', async () => {
  const rows = Array.from({ length: 9 }, (_, i) => ({ ...triplet, query: `q${i}` }));
  const dataset = await openContrastive(filesOf(...rows), { ...settings, maxExampleNumPerDataset: 5 });
  expect([dataset.length, dataset.summary.rows]).toEqual([5, 5]);
  const batches = (dataloaderDropLast: boolean) =>
    taskData(dataset, { ...shuffled, dataloaderDropLast }, () => ({ batch: {}, realTokens: 1 }));
  expect([batches(false).batchesPerEpoch, batches(true).batchesPerEpoch]).toEqual([3, 2]);
});

test('an instruction stands before queries whose row has no prompt', async () => {
  const rows = [pair, { ...triplet, prompt_for_query: 'Q: ' }];
  const plain = await openContrastive(filesOf(...rows), settings);
  const dataset = await openContrastive(filesOf(...rows), settings, 'Find: ');
  expect((await examplesOf(plain)).map(({ query }) => query)).toEqual(['a', 'Q: b']);
  expect((await examplesOf(dataset)).map(({ query }) => query)).toEqual(['Find: a', 'Q: b']);
  const lists = await openScored(filesOf(scored('a', 1, 0)), settings, 'list', 'Find: ');
  expect((await examplesOf(lists.dataset)).map(({ query }) => query)).toEqual(['Find: a']);
});

test('lists of one passage are left out of what compares lists, and named', async () => {
  const rows = [scored('a', 1), scored('b', 1, 0), scored('c', 2), scored('d', 0, 1, 2)];
  const { dataset, notes } = await openScored(filesOf(...rows), settings, 'comparable list');
  expect((await examplesOf(dataset)).map(({ query }) => query)).toEqual(['b', 'd']);
  expect(notes).toEqual(['left out 2 rows of one passage: there is nothing to compare its score with']);
  const whole = await openScored(filesOf(...rows), settings, 'list');
  expect((await examplesOf(whole.dataset)).map(({ scores }) => scores.length)).toEqual([1, 2, 1, 3]);
  expect(whole.notes).toEqual([]);
  const flat = await openScored(filesOf(...rows), settings, 'passage');
  expect((await examplesOf(flat.dataset)).map(({ query }) => query).join('')).toBe('abbcddd');
  await expect(openScored(filesOf(scored('a', 1)), settings, 'comparable list')).rejects.toThrow(
    'train.jsonl: expected rows with two scored passages or more, whose scores are compared, got 1 rows of one — put the passages of a query in one row',
  );
});

test('batches are collated in their turn, with the dropout of their place', async () => {
  const dataset = await openContrastive(filesOf(pair, triplet, pair), settings);
  const options = { seed: 1, batchSize: 2, shuffle: false, dataloaderDropLast: false };
  const data = taskData(dataset, options, ({ examples }, { dropout }) => ({
    batch: {},
    realTokens: 10 * examples.length + dropout.update,
  }));
  expect(data.batchesPerEpoch).toBe(2);
  const tokens: number[] = [];
  for await (const batch of data.batches(0, (update) => ({ seed: 1, update, inputs: [] })))
    tokens.push(batch.tokens);
  expect(tokens).toEqual([20, 11]);
});

test('rows of one passage group, with a teacher’s scores, mean the in-batch loss', async () => {
  const row = { ...triplet, pos_scores: [2], neg_scores: [1] };
  const files = filesOf(row, row);
  const asked = { ...settings, lossType: undefined, trainGroupSize: 3, knowledgeDistillation: true };
  expect(await lossOf(files, asked)).toBe('infonce');
  expect(await lossOf(filesOf(scored('a', 1, 0)), { ...settings, lossType: undefined })).toBe(
    'kl_divergence',
  );
  const [example] = await examplesOf(await openContrastive(files, asked));
  expect(example).toMatchObject({ positive: 'y', negatives: ['z', 'z'], scores: [2, 1, 1] });
  await expect(openContrastive(filesOf(row, triplet), asked)).rejects.toThrow(
    'train.jsonl:2: expected {query, pos, neg} with "pos_scores" and "neg_scores"',
  );
});

test('batches of one file each, in every epoch another order', async () => {
  const content: Readonly<Record<string, object[]>> = {
    'a.jsonl': [pair, pair, pair],
    'b_no_in_batch_neg.jsonl': [triplet, triplet],
    'x/c.jsonl': [pair],
    'x/d.jsonl': [pair],
  };
  const files = {
    openData: async (path: string) =>
      bytesSource(path, content[path]!.map((row) => `${JSON.stringify(row)}\n`).join('')),
  } as unknown as RunFiles;
  const asked = {
    ...settings,
    trainDataset: Object.keys(content),
    sameDatasetWithinBatch: true,
    smallThreshold: 2,
    batchSize: 2,
  };
  const dataset = await openContrastive(files, asked);
  expect(describeData(asked, dataset).split('\n').at(-1)).toBe(
    'taken together: x/c.jsonl, x/d.jsonl, each of fewer rows than small_threshold 2',
  );
  const data = taskData(dataset, shuffled, ({ examples }, { ownAlone }) => ({
    batch: {
      files: [...new Set(examples.map(({ at }) => at.file))].toSorted().join(' ') + ownAlone,
    } as never,
    realTokens: examples.length,
  }));
  expect(data.batchesPerEpoch).toBe(4);
  const epoch = async (number: number) => {
    const seen: unknown[] = [];
    for await (const { batch } of data.batches(number, () => ({ seed: 1, update: 0, inputs: [] })))
      seen.push((batch as unknown as { files: string }).files);
    return seen;
  };
  const first = await epoch(0);
  expect(first.toSorted()).toEqual([
    'a.jsonlfalse',
    'a.jsonlfalse',
    'b_no_in_batch_neg.jsonltrue',
    'x/c.jsonl x/d.jsonlfalse',
  ]);
  expect(await epoch(0)).toEqual(first);
  const others = await Promise.all([1, 2, 3, 4].map(epoch));
  expect(others.some((other) => other.join() !== first.join())).toBe(true);
});

test('chunks are bounded by tokens and texts, where there are any', () => {
  const bounds = { chunkTokens: 64, subBatchSize: undefined };
  expect(chunksOf({ ...bounds, gradCache: true })).toEqual({ chunkTokens: 64 });
  expect(chunksOf({ ...bounds, subBatchSize: 3, gradCache: true })).toEqual({
    chunkTokens: 64,
    chunkTexts: 3,
  });
  expect(chunksOf({ ...bounds, gradCache: false })).toEqual({});
});

test('an epoch goes on from any batch, with those that are left as they would have been', async () => {
  const rows = Array.from({ length: 7 }, (_, i) => ({ ...triplet, query: `q${i}` }));
  const dataset = await openContrastive(filesOf(...rows), { ...settings, batchSize: 2 });
  const data = taskData(dataset, shuffled, ({ indices }, { dropout }) => ({
    batch: {},
    realTokens: indices.reduce((sum, index) => 10 * sum + index, dropout.update),
  }));
  const tokens = async (from?: number) => {
    const list: number[] = [];
    const draw = (update: number) => ({ seed: 1, update, inputs: [] });
    for await (const batch of data.batches(1, draw, from)) list.push(batch.tokens);
    return list;
  };
  const whole = await tokens();
  expect(whole).toHaveLength(4);
  for (const from of [0, 1, 3]) expect(await tokens(from)).toEqual(whole.slice(from));
  await data.close();
});
