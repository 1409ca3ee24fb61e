import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { narrowWeights, OnnxFileError, singlePrecision } from '@rag/models';
import { writeOnnx } from '@rag/models/node';
import { graphOf, mul } from '@rag/onnx';
import { afterAll, describe, expect, it } from 'vitest';
import { paddedColbertGraph } from './colbert-graph.js';
import type { ColbertSettings } from './colbert-settings.js';
import { ColBERT, type FromPretrainedOptions } from './index.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyTexts } from './testing/tiny.js';
import type { TokenVectors } from './token-vectors.js';

const root = mkdtempSync(join(tmpdir(), 'onnx-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const texts = tinyTexts(6);

const expansion: Partial<ColbertSettings> = {
  layout: 'pylate',
  query_prefix: '[unused0]',
  document_prefix: '[unused1]',
  query_length: 16,
  do_query_expansion: true,
  skiplist_words: ['.', '!'],
  maskSpecialTokens: false,
  divideByQueryLength: false,
};

const both = async (model: ColBERT): Promise<TokenVectors[]> => [
  ...(await model.encodeQueries(texts, { batchSize: 4 })),
  ...(await model.encodePassages(texts, { batchSize: 4 })),
];

async function vectors(directory: string, options: FromPretrainedOptions): Promise<TokenVectors[]> {
  const model = await ColBERT.fromPretrained(directory, options);
  try {
    return await both(model);
  } finally {
    model.dispose();
  }
}

function largestDifference(found: readonly TokenVectors[], expected: readonly TokenVectors[]): number {
  expect(found.map(({ tokens, dim }) => [tokens, dim])).toEqual(
    expected.map(({ tokens, dim }) => [tokens, dim]),
  );
  return Math.max(
    ...found.flatMap(({ data }, i) => Array.from(data, (x, j) => Math.abs(x - expected[i]!.data[j]!))),
  );
}

/** The padded graph of a model with its weights, some of its outputs. */
async function exported(model: ColBERT, ...names: string[]) {
  const weights = await model.readWeights();
  const { inputs, outputs } = paddedColbertGraph(model.config, model.settings);
  const kept = Object.fromEntries(names.map((name) => [name, outputs[name]!]));
  return singlePrecision(graphOf(inputs, kept), async (name) => weights.get(name)!);
}

describe('own exports', () => {
  it.each([
    ['RAG-Retrieval', {}],
    ['expansion that is not attended to', expansion],
  ] as const)('are opened again, without weights: %s', async (_, settings) => {
    const model = await openTiny(settings);
    const directory = mkdtempSync(join(root, 'own-'));
    await model.savePretrained(directory);
    await model.exportOnnx(directory, { externalData: true });
    rmSync(join(directory, 'model.safetensors'));
    expect(largestDifference(await vectors(directory, {}), await both(model))).toBeLessThan(1e-5);
  });

  it('scores of compat are the same', async () => {
    const model = await openTiny({}, { compat: true });
    const directory = join(root, 'compat');
    await model.savePretrained(directory);
    await model.exportOnnx(directory);
    const found = await vectors(directory, { onnx: true, compat: true });
    expect(largestDifference(found, await both(model))).toBeLessThan(1e-5);
  });

  it.each([
    ['fp16', 2e-3],
    ['q8', 0.2],
    ['q4', 1],
  ] as const)('%s is near, and not the same', async (dtype, most) => {
    const model = await openTiny();
    const directory = join(root, dtype);
    await model.savePretrained(directory);
    const wide = await exported(model, 'last_hidden_state', 'token_embeddings');
    const name = { fp16: 'model_fp16', q8: 'model_quantized', q4: 'model_q4' }[dtype];
    await writeOnnx(directory, narrowWeights(wide, dtype), { name });
    const off = largestDifference(await vectors(directory, { onnx: dtype }), await both(model));
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(most);
  });
});

describe('files of other exporters', () => {
  it('the projection of the directory stands after last_hidden_state', async () => {
    for (const settings of [{}, expansion]) {
      const model = await openTiny(settings);
      const directory = mkdtempSync(join(root, 'hidden-'));
      await model.savePretrained(directory);
      await writeOnnx(directory, await exported(model, 'last_hidden_state'));
      expect(largestDifference(await vectors(directory, { onnx: true }), await both(model))).toBeLessThan(
        1e-5,
      );
    }
  });

  it('one output of the width of the projection needs none beside it', async () => {
    const model = await openTiny();
    const directory = join(root, 'projected');
    await model.savePretrained(directory);
    await writeOnnx(directory, await exported(model, 'token_embeddings'));
    const expected = await both(model);
    expect(largestDifference(await vectors(directory, { onnx: true }), expected)).toBeLessThan(1e-5);
    const bare = join(root, 'no-projection');
    cpSync(directory, bare, { recursive: true });
    for (const name of readdirSync(bare)) if (name.startsWith('colbert_linear')) rmSync(join(bare, name));
    expect(largestDifference(await vectors(bare, { onnx: true }), expected)).toBeLessThan(1e-5);
    await writeOnnx(bare, await exported(model, 'last_hidden_state'));
    await expect(vectors(bare, { onnx: true })).rejects.toThrow('no projection in the directory');
  });

  it('vectors that overflow are an error, not zeros', async () => {
    const model = await openTiny();
    const directory = join(root, 'overflow');
    await model.savePretrained(directory);
    const weights = await model.readWeights();
    const { inputs, outputs } = paddedColbertGraph(model.config, model.settings);
    // Above 3.4e38, float32's largest, wherever an element is not near 0.
    const token_embeddings = mul(mul(outputs.token_embeddings!, 1e38), 1e38);
    const graph = graphOf(inputs, { token_embeddings });
    await writeOnnx(
      directory,
      singlePrecision(graph, async (name) => weights.get(name)!),
    );
    await expect(vectors(directory, { onnx: true })).rejects.toThrow('expected finite numbers, got NaN');
  });

  it('what needs weights is an error that says so', async () => {
    const model = await openTiny();
    const directory = join(root, 'weights');
    await model.savePretrained(directory);
    await model.exportOnnx(directory);
    const opened = await ColBERT.fromPretrained(directory, { onnx: true });
    for (const refused of [
      opened.readWeights(),
      opened.readParts(),
      opened.savePretrained(join(root, 'refused')),
      opened.exportOnnx(join(root, 'refused')),
    ])
      await expect(refused).rejects.toThrow(OnnxFileError);
    opened.dispose();
    expect(readdirSync(root)).not.toContain('refused');
    await expect(vectors(directory, { onnx: true, newHead: true })).rejects.toThrow(
      'newHead: expected weights',
    );
    await expect(vectors(directory, { onnx: true, colbertDim: 9 })).rejects.toThrow('colbertDim: expected 8');
  });
});
