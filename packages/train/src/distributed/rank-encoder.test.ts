import { loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import type { VectorEncoder } from '../encode/encode-file.js';
import type { UnfinishedFile } from '../encode/unfinished-file.js';
import { encoderOfRank, unfinishedFileOfRank } from './rank-encoder.js';

const texts = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
const quiet = { onProgress: () => {} };

function encoderOf(log: string[], rank: number): VectorEncoder {
  return {
    width: 2,
    prepare: (part) => void log.push(`${rank} prepares ${part}`),
    async encode(part, { onProgress }) {
      log.push(`${rank} encodes ${part}`);
      onProgress(part.length);
      return part.map((text) => Float32Array.of(text.length, rank));
    },
  };
}

test('each rank encodes its part, and all have all vectors in order', async () => {
  const log: string[] = [];
  let agreed = 0;
  const vectors = await Promise.all(
    loopback(3).map((collective) => {
      const agree = async () => void agreed++;
      const encoder = encoderOfRank(encoderOf(log, collective.rank), collective, agree);
      encoder.prepare?.(texts);
      return encoder.encode(texts, quiet);
    }),
  );
  expect(log.sort()).toEqual([
    ...['0 encodes a', '0 prepares a', '1 encodes bb,ccc', '1 prepares bb,ccc'],
    ...['2 encodes dddd,eeeee', '2 prepares dddd,eeeee'],
  ]);
  for (const all of vectors)
    expect(all.flatMap((vector) => [...vector])).toEqual([1, 0, 2, 1, 3, 1, 4, 2, 5, 2]);
  expect(agreed).toBe(3);
});

test('a rank without texts takes part', async () => {
  const log: string[] = [];
  const progress: number[] = [];
  const all = await Promise.all(
    loopback(2).map((collective) =>
      encoderOfRank(encoderOf(log, collective.rank), collective, async () => {}).encode(['a'], {
        onProgress: (done) => void progress.push(done),
      }),
    ),
  );
  expect(log).toEqual(['1 encodes a']);
  expect(all.map(([vector]) => [...vector!])).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expect(progress).toEqual([1]);
});

test('rank 0 writes', async () => {
  const log: string[] = [];
  const file = {
    ...{ name: 'v.npy', noteName: 'v.npy.progress.json', note: '{}' },
    append: async () => void log.push('appends'),
  } as Partial<UnfinishedFile> as UnfinishedFile;
  expect(unfinishedFileOfRank(file, { rank: 0 })).toBe(file);
  const other = unfinishedFileOfRank(file, { rank: 1 });
  await other.append(Uint8Array.of(1));
  expect([other.name, other.note, log]).toEqual(['v.npy', '{}', []]);
});
