import { modelWithWeights } from '@rag/models';
import { createSession } from '@rag/runtime';
import { exactLadder, packSequences, sizeLadder } from '@rag/text';
import { afterAll, expect, test } from 'vitest';
import { colbertGraph, colbertParameters } from './colbert-graph.js';
import { colbertTensors } from './colbert-tensors.js';
import { tinyConfig, tinySettings, tinyTexts, tinyTokenizer, tinyWeights } from './testing/tiny.js';
import { textEncoder } from './text-encoder.js';

const [config, settings, tokenizer] = [tinyConfig(), tinySettings(), tinyTokenizer()];
const sources = new Map([...tinyWeights()].map(([name, data]) => [name, { data }]));
const session = await createSession(modelWithWeights(colbertGraph(config, settings), sources), {
  provider: 'cpu',
});
afterAll(() => session.dispose());

const sequences = tinyTexts(6).map(textEncoder(tokenizer, config, settings).encodePassage);
async function vectors(mode: 'packed' | 'padded', ladder = exactLadder) {
  const packed = packSequences(sequences, { padId: tokenizer.padId, mode, ladder });
  const { vectors } = await session.run(colbertTensors(sequences, packed));
  const data = vectors!.data as Float32Array;
  const row = (at: number) => data.subarray(at * 8, at * 8 + 8);
  return { packed, shape: vectors!.shape, row };
}

test("the parameters are the bare encoder's and the projection's", () => {
  const names = colbertParameters(config, settings).map(({ name }) => name);
  expect(names).toContain('embeddings.word_embeddings.weight');
  expect(names.slice(-2)).toEqual(['linear.weight', 'linear.bias']);
  expect(names.filter((name) => name.startsWith('bert.') || name.includes('pooler'))).toEqual([]);
});

test('rows have norm 1, masked rows and filler are exactly zero', async () => {
  const { packed, shape, row } = await vectors('packed', sizeLadder());
  expect(shape).toEqual([packed.tokens, 8]);
  let next = 0;
  for (const { scored } of sequences)
    for (const counts of scored) {
      const values = row(next++);
      if (counts) expect(Math.hypot(...values)).toBeCloseTo(1, 6);
      else expect(values.every((value) => value === 0)).toBe(true);
    }
  for (; next < packed.tokens; next++) expect(Math.hypot(...row(next))).toBe(0);
});

test('padding changes no vector', async () => {
  const packed = await vectors('packed');
  const padded = await vectors('padded');
  for (const [i, { input_ids }] of sequences.entries())
    for (const column of input_ids.keys()) {
      const a = packed.row(Number(packed.packed.block_index[i * packed.packed.seq + column]));
      const b = padded.row(Number(padded.packed.block_index[i * padded.packed.seq + column]));
      for (const [axis, value] of a.entries()) expect(value).toBeCloseTo(b[axis]!, 6);
    }
});
