import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { narrowWeights, OnnxFileError, singlePrecision } from '@rag/models';
import { writeOnnx } from '@rag/models/node';
import { cast, graphOf } from '@rag/onnx';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { paddedEmbeddingGraph } from './embedding-graph.js';
import type { EmbeddingHead } from './embedding-head.js';
import { Embedding, type EncodeOptions, type FromPretrainedOptions } from './index.js';
import { largestDifference } from './testing/largest-difference.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyHead } from './testing/tiny.js';

const root = mkdtempSync(join(tmpdir(), 'onnx-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => warn.mockClear());

/** Written by scripts/golden/onnx-files.py: a RobertaModel of torch, and torch's export of it. */
const fixture = fileURLToPath(new URL('../../models/src/onnx-file/fixtures/encoder', import.meta.url));
const texts = ['the cat', 'why does the dog of the moon', 'sun', '猫 月 亮 .', 'a red blue bright moon cat'];

async function vectors(
  directory: string,
  options: FromPretrainedOptions = {},
  how: EncodeOptions = {},
): Promise<Float32Array[]> {
  const model = await Embedding.fromPretrained(directory, options);
  try {
    const found = await model.encode(texts, { batchSize: 2, ...how });
    expect(found[0]).toHaveLength(model.dimension);
    return found;
  } finally {
    model.dispose();
  }
}

describe('a file of another exporter', () => {
  it.each(['mean', 'cls', 'max', 'lasttoken', 'weightedmean', 'mean_sqrt_len_tokens'] as const)(
    "torch's export gives the vectors of its checkpoint, pooling %s",
    async (pooling) => {
      const expected = await vectors(fixture, { pooling });
      expect(largestDifference(await vectors(fixture, { pooling, onnx: true }), expected)).toBeLessThan(1e-5);
    },
  );

  it('alone and unasked, with the mean that is said on the console; by the other driver', async () => {
    const expected = await vectors(fixture, { pooling: 'mean' });
    const directory = join(root, 'alone');
    cpSync(fixture, directory, { recursive: true });
    rmSync(join(directory, 'model.safetensors'));
    expect(largestDifference(await vectors(directory, { driver: 'ffi' }), expected)).toBeLessThan(1e-5);
    expect(warn.mock.calls.flat().join()).toContain('so its vectors are the mean');
  });

  it('a graph without token vectors is refused by its outputs', async () => {
    const directory = join(root, 'other');
    cpSync(fixture, directory, { recursive: true });
    cpSync(join(fixture, '../cross-encoder/onnx/model.onnx'), join(directory, 'onnx/model.onnx'));
    await expect(vectors(directory, { onnx: true })).rejects.toThrow(
      'expected an output "last_hidden_state" or "token_embeddings" [batch, seq, hidden], got "logits"',
    );
  });
});

const heads: EmbeddingHead[] = [
  tinyHead,
  { pooling: ['cls', 'max'], dense: [], normalize: true },
  { pooling: ['mean'], dense: [], normalize: true, includePrompt: false },
];

describe('own exports', () => {
  it.each(heads)('run the head that the directory states: %j', async (head) => {
    const model = await openTiny({ head });
    const directory = mkdtempSync(join(root, 'head-'));
    await model.savePretrained(directory);
    await model.exportOnnx(directory, { externalData: true });
    const how = { prompt: 'why does ' };
    const expected = await model.encode(texts, how);
    expect(largestDifference(await vectors(directory, { onnx: 'fp32' }, how), expected)).toBeLessThan(1e-5);
  });

  it('have the head in the file where nothing else states it', async () => {
    const model = await openTiny();
    const directory = join(root, 'in-file');
    await model.savePretrained(directory);
    await model.exportOnnx(directory);
    rmSync(join(directory, 'modules.json'));
    rmSync(join(directory, 'model.safetensors'));
    rmSync(join(directory, 'config_sentence_transformers.json'));
    expect(largestDifference(await vectors(directory), await model.encode(texts))).toBeLessThan(1e-5);
    expect(warn).not.toHaveBeenCalled();
    const cut = await vectors(directory, { pooling: 'mean' });
    expect(cut[0]).toHaveLength(model.config.hidden_size);
    const opened = await Embedding.fromPretrained(directory);
    expect(opened.head.pooling).toEqual([]);
    expect(opened.dimension).toBe(model.dimension);
    opened.dispose();
  });

  it.each([
    ['fp16', 1e-3],
    ['q8', 0.1],
    ['q4', 0.6],
  ] as const)('%s is near, and not the same', async (dtype, most) => {
    const model = await openTiny();
    const { weights } = await model.readParts();
    const wide = singlePrecision(
      paddedEmbeddingGraph(model.config, model.head),
      async (name) => weights.get(name)!,
    );
    const directory = join(root, `narrow-${dtype}`);
    await model.savePretrained(directory);
    const name = { fp16: 'model_fp16', q8: 'model_quantized', q4: 'model_q4' }[dtype];
    await writeOnnx(directory, narrowWeights(wide, dtype), { name });
    const off = largestDifference(await vectors(directory, { onnx: dtype }), await model.encode(texts));
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(most);
  });

  it('of half precision outputs are widened', async () => {
    const model = await openTiny();
    const { weights } = await model.readParts();
    const graph = paddedEmbeddingGraph(model.config, model.head);
    const half = graphOf(graph.inputs, {
      last_hidden_state: cast(graph.outputs.last_hidden_state!, 'float16'),
    });
    const directory = join(root, 'half');
    await model.savePretrained(directory);
    await writeOnnx(
      directory,
      singlePrecision(half, async (name) => weights.get(name)!),
      { name: 'model_fp16' },
    );
    const off = largestDifference(await vectors(directory, { onnx: 'fp16' }), await model.encode(texts));
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(2e-3);
  });
});

it('what needs weights is an error that says so, and leaves nothing behind', async () => {
  const model = await Embedding.fromPretrained(fixture, { onnx: true });
  const directory = join(root, 'refused');
  for (const refused of [
    model.readWeights(),
    model.readParts(),
    model.savePretrained(directory),
    model.exportOnnx(directory),
  ])
    await expect(refused).rejects.toThrow(OnnxFileError);
  expect(readdirSync(root)).not.toContain('refused');
  model.dispose();
});
