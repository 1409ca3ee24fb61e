import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession, Tensor } from '@rag/runtime';
import type { EncodedIds } from '@rag/text';
import { afterAll, describe, expect, it } from 'vitest';
import type { EmbeddingHead } from './embedding-head.js';
import { largestDifference } from './testing/largest-difference.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyHead } from './testing/tiny.js';

const root = mkdtempSync(join(tmpdir(), 'export-onnx-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs an exported file on a padded batch, as any tool does. */
async function run(path: string, rows: readonly EncodedIds[]) {
  const session = await createSession(path, { provider: 'cpu' });
  const seq = Math.max(...rows.map(({ input_ids }) => input_ids.length));
  const padded = (of: (row: EncodedIds) => readonly number[]) =>
    new Tensor(
      'int64',
      [rows.length, seq],
      BigInt64Array.from(
        rows.flatMap((row) => Array.from({ length: seq }, (_, i) => of(row)[i] ?? 0)),
        BigInt,
      ),
    );
  const feeds: Record<string, Tensor> = {
    input_ids: padded(({ input_ids }) => input_ids),
    attention_mask: padded(({ input_ids }) => input_ids.map(() => 1)),
    token_type_ids: padded(({ token_type_ids }) => token_type_ids),
  };
  try {
    const named = session.inputs.map(({ name }) => [name, feeds[name]!] as const);
    return { seq, outputs: await session.run(Object.fromEntries(named)) };
  } finally {
    session.dispose();
  }
}

const texts = [
  'the cat',
  'why does the dog of the moon',
  'sun',
  '猫 为 什 么 。',
  'a red blue bright night day cat',
];
const heads: EmbeddingHead[] = [
  tinyHead,
  { pooling: ['cls', 'max'], dense: [], normalize: true },
  { pooling: ['lasttoken'], dense: [], normalize: false },
  { pooling: ['weightedmean', 'mean_sqrt_len_tokens'], dense: [], normalize: false },
];

describe('exportOnnx', () => {
  it.each(heads)('gives the vectors of encode over padded batches, pooling $pooling', async (head) => {
    const model = await openTiny({ head });
    const { files } = await model.exportOnnx(join(root, head.pooling.join('-')));
    const { outputs, seq } = await run(
      files[0]!,
      texts.map((text) => model.tokenizer.encode(text)),
    );
    expect(Object.keys(outputs)).toEqual(['last_hidden_state', 'sentence_embedding']);
    expect(outputs.last_hidden_state!.shape).toEqual([texts.length, seq, 16]);
    const vectors = await model.encode(texts);
    const { shape, data } = outputs.sentence_embedding!;
    expect(shape).toEqual([texts.length, model.dimension]);
    const rows = texts.map((_, i) => (data as Float32Array).subarray(i * shape[1]!, (i + 1) * shape[1]!));
    expect(largestDifference(rows, vectors)).toBeLessThan(1e-5);
  });

  it('leaves the sentence embedding out where the prompt is not pooled', async () => {
    const model = await openTiny({ head: { ...tinyHead, includePrompt: false } });
    const { files } = await model.exportOnnx(join(root, 'prompt'));
    const { outputs } = await run(files[0]!, [model.tokenizer.encode('the cat')]);
    expect(Object.keys(outputs)).toEqual(['last_hidden_state']);
  });
});
