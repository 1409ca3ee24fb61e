import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportRefusedError } from '@rag/models';
import { afterAll, expect, it } from 'vitest';
import { encoderOf } from './encode-texts.js';
import { judgeExport } from './judge-export.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyTexts } from './testing/tiny.js';
import type { TokenVectors } from './token-vectors.js';

const root = mkdtempSync(join(tmpdir(), 'export-narrow-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const texts = tinyTexts(12);
/** Three queries of nine passages each. */
const pairs = texts
  .slice(0, 3)
  .flatMap((query) => texts.slice(3).map((passage) => [query, passage] as const));
const names = { fp16: 'model_fp16.onnx', q8: 'model_quantized.onnx', q4: 'model_q4.onnx' } as const;
const pylate = {
  layout: 'pylate',
  query_prefix: '[unused0]',
  document_prefix: '[unused1]',
  query_length: 16,
  do_query_expansion: true,
  skiplist_words: ['.', '!'],
  maskSpecialTokens: false,
  divideByQueryLength: false,
} as const;

it.each([
  ['fp16', {}],
  ['q8', {}],
  ['q4', {}],
  ['fp16', pylate],
] as const)('%s: judged on MaxSim, then written', async (dtype, settings) => {
  const model = await openTiny(settings);
  const folder = join(root, `${dtype}-${Object.keys(settings).length}`);
  const { files, loss } = await model.exportNarrow(folder, pairs, {
    dtype,
    leastSpearman: 0.5,
    leastOverlap: 0,
  });
  expect(files).toEqual([join(folder, 'onnx', names[dtype])]);
  expect(loss.count).toBe(27);
  expect(loss.max).toBeGreaterThan(0);
  expect(loss.mean).toBeLessThan({ fp16: 1e-3, q8: 0.02, q4: 0.3 }[dtype]);
  expect(loss.spearman).toBeGreaterThan({ fp16: 0.999, q8: 0.98, q4: 0.5 }[dtype]);
  expect(loss.overlap).toBeGreaterThan({ fp16: 0.99, q8: 0.8, q4: 0.3 }[dtype]);
});

it.each([
  [{ leastSpearman: 1.1 }, "a rank correlation with the original's scores of at least 1.1, got"],
  [{ leastSpearman: -1, leastOverlap: 1.1 }, "an overlap with the original's best passages of at least 1.1"],
])('refuses and writes nothing: %j', async (limits, message) => {
  const model = await openTiny({});
  const refused = model.exportNarrow(join(root, 'not'), pairs, { dtype: 'q4', ...limits });
  await expect(refused).rejects.toThrow(ExportRefusedError);
  await expect(refused).rejects.toThrow(message);
  expect(readdirSync(join(root, 'not', 'onnx'))).toEqual([]);
});

it('the judge keeps the vectors of one pair: passages are encoded anew, a query once while its pairs follow each other', async () => {
  const model = await openTiny({});
  const { files } = await model.exportOnnx(join(root, 'judged'));
  const encoder = encoderOf(model);
  const encoded: string[] = [];
  const counted = {
    ...encoder,
    encodeQuery(text: string) {
      encoded.push('query');
      return encoder.encodeQuery(text);
    },
    encodePassage(text: string) {
      encoded.push('passage');
      return encoder.encodePassage(text);
    },
  };
  const scores = await model.computeScore(pairs);
  const maxSim = async (query: TokenVectors, passage: TokenVectors) =>
    (await model.scoreVectors([query], [passage]))[0]!;
  const { max } = await judgeExport(files[0]!, { pairs, scores, encoder: counted, maxSim }, { dtype: 'q8' });
  expect(max).toBeLessThan(1e-4);
  expect(encoded.filter((kind) => kind === 'query')).toHaveLength(3);
  expect(encoded.filter((kind) => kind === 'passage')).toHaveLength(pairs.length);
});
