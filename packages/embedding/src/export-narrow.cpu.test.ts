import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareVectors, ExportRefusedError } from '@rag/models';
import { createSession, Tensor } from '@rag/runtime';
import { afterAll, expect, it } from 'vitest';
import { openTiny } from './testing/open-tiny.js';
import { tinyHead, tinyTexts } from './testing/tiny.js';

const root = mkdtempSync(join(tmpdir(), 'export-narrow-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const texts = tinyTexts(16);
const names = { fp16: 'model_fp16.onnx', q8: 'model_quantized.onnx', q4: 'model_q4.onnx' } as const;
const least = { leastCosine: 0.5, leastOverlap: 0 };

it.each(['fp16', 'q8', 'q4'] as const)('%s: the loss is that of the written file', async (dtype) => {
  const model = await openTiny();
  const { files, loss, bytes } = await model.exportNarrow(join(root, dtype), texts, { dtype, ...least });
  expect(files).toEqual([join(root, dtype, 'onnx', names[dtype])]);
  expect(loss.count).toBe(texts.length);
  expect(loss.leastCosine).toBeLessThan(1 - 1e-12);
  expect(1 - loss.cosine).toBeLessThan({ fp16: 1e-6, q8: 1e-3, q4: 0.05 }[dtype]);
  expect(loss.overlap).toBeGreaterThan({ fp16: 0.99, q8: 0.9, q4: 0.5 }[dtype]);
  expect(bytes).toBeGreaterThan(0);
  const session = await createSession(files[0]!, { provider: 'cpu' });
  const found: Float32Array[] = [];
  for (const text of texts) {
    const { input_ids, token_type_ids } = model.tokenizer.encode(text);
    const row = (ids: number[]) => new Tensor('int64', [1, ids.length], BigInt64Array.from(ids, BigInt));
    const { sentence_embedding } = await session.run({
      input_ids: row(input_ids),
      attention_mask: row(input_ids.map(() => 1)),
      token_type_ids: row(token_type_ids),
    });
    found.push(Float32Array.from(sentence_embedding!.data as Float32Array));
  }
  session.dispose();
  expect(compareVectors(await model.encode(texts), found)).toEqual(loss);
});

it.each([
  [{ leastCosine: 1.1 }, "a mean cosine with the original's vectors of at least 1.1, got 0.9"],
  [{ ...least, leastOverlap: 1.1 }, "an overlap with the original's nearest texts of at least 1.1, got"],
])('refuses and writes nothing: %j', async (limits, message) => {
  const model = await openTiny();
  const refused = model.exportNarrow(join(root, 'not'), texts, { dtype: 'q4', ...limits });
  await expect(refused).rejects.toThrow(ExportRefusedError);
  await expect(refused).rejects.toThrow(message);
  expect(readdirSync(join(root, 'not', 'onnx'))).toEqual([]);
});

it('a model that leaves its prompt out of the vector, and too few texts, are told', async () => {
  const model = await openTiny({ head: { ...tinyHead, includePrompt: false } });
  const odd = model.exportNarrow(join(root, 'odd'), texts, { dtype: 'q8' });
  await expect(odd).rejects.toThrow('q8: expected a model whose prompt is part of the vector');
  expect(existsSync(join(root, 'odd'))).toBe(false);
  const few = (await openTiny()).exportNarrow(join(root, 'few'), texts.slice(0, 3), { dtype: 'q8' });
  await expect(few).rejects.toThrow('at least 4, got 3');
});
