import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportRefusedError } from '@rag/models';
import { createSession, Tensor } from '@rag/runtime';
import type { EncodedIds } from '@rag/text';
import { afterAll, describe, expect, it } from 'vitest';
import type { Pair } from './index.js';
import { pairEncoder } from './pair-encoder.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyConfig, tinyExamples } from './testing/tiny.js';

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

const pairs: Pair[] = tinyExamples(9).map(({ query, content }) => [query, content]);

describe('exportOnnx', () => {
  it.each([2, 1])('gives the scores of computeScore over padded batches, %d token types', async (types) => {
    const model = await openTiny(undefined, tinyConfig({ type_vocab_size: types }));
    const encoder = pairEncoder(model.tokenizer, model.config, 64);
    const rows = pairs.map(([query, passage]) => encoder.encode(query, passage));
    expect(new Set(rows.map(({ input_ids }) => input_ids.length)).size).toBeGreaterThan(2);
    const scores = await model.computeScore(pairs);
    for (const externalData of [false, true]) {
      const { files } = await model.exportOnnx(join(root, `types-${types}`), { externalData });
      expect(files).toHaveLength(externalData ? 2 : 1);
      const { logits } = (await run(files[0]!, rows)).outputs;
      expect(logits!.shape).toEqual([pairs.length, 1]);
      for (const [i, score] of scores.entries())
        expect(Math.abs((logits!.data as Float32Array)[i]! - score)).toBeLessThan(1e-5);
    }
  });
});

describe('exportNarrow', () => {
  const names = { fp16: 'model_fp16.onnx', q8: 'model_quantized.onnx', q4: 'model_q4.onnx' } as const;
  it.each(['fp16', 'q8', 'q4'] as const)('%s: judged on pairs, then written, or refused', async (dtype) => {
    const model = await openTiny();
    const { files, loss } = await model.exportNarrow(join(root, dtype), pairs, { dtype, leastSpearman: 0.5 });
    expect(files).toEqual([join(root, dtype, 'onnx', names[dtype])]);
    expect(loss.count).toBe(pairs.length);
    expect(loss.max).toBeGreaterThan(0);
    expect(loss.mean).toBeLessThan({ fp16: 1e-3, q8: 0.05, q4: 0.5 }[dtype]);
    const refused = model.exportNarrow(join(root, `${dtype}-not`), pairs, { dtype, leastSpearman: 1.1 });
    await expect(refused).rejects.toThrow(ExportRefusedError);
    expect(readdirSync(join(root, `${dtype}-not`, 'onnx'))).toEqual([]);
  });
});
