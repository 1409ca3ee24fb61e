import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { readMtebSamples } from './mteb-samples.js';

const read = (...lines: string[]) =>
  readMtebSamples(bytesSource('task.jsonl', new TextEncoder().encode(lines.join('\n'))));
const sample = (query: unknown, positive: unknown = ['p'], negative: unknown = ['n']) =>
  JSON.stringify({ query, positive, negative, id: 7 });

test('samples, one of several spellings, and those that judge nothing', async () => {
  expect(await read(sample('a'), '', sample(['b', 'c']), sample('d', []), sample('e', ['p'], []))).toEqual({
    samples: [
      { queries: ['a'], positive: ['p'], negative: ['n'] },
      { queries: ['b', 'c'], positive: ['p'], negative: ['n'] },
    ],
    leftOut: 2,
  });
});

test.each([
  [['{'], 'task.jsonl:1: expected a JSON object'],
  [['[1]'], 'task.jsonl:1: expected a JSON object, got [1]'],
  [[sample('a'), sample(3)], 'task.jsonl:2: expected "query": a text or a list of texts, got 3'],
  [[sample('a', 'p')], 'expected "positive": a list of texts, got "p"'],
  [['{"query": "a", "positive": ["p"]}'], 'expected "negative": a list of texts, got nothing'],
  [[sample([])], 'expected "query": a text, got an empty list'],
  [
    [sample('a'), sample('b', [])],
    'expected at least 2 samples with positive and negative passages, got 1, and 1',
  ],
])('%j', async (lines, message) => {
  await expect(read(...lines)).rejects.toThrow(message);
});
