import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goldenText, memorySource, OnnxFileError, openCheckpointOrOnnx } from '@rag/models';
import { afterAll, describe, expect, it } from 'vitest';
import { CrossEncoder, type FromPretrainedOptions, type Pair } from './index.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyExamples } from './testing/tiny.js';

const root = mkdtempSync(join(tmpdir(), 'onnx-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Written by scripts/golden/onnx-files.py: torch's checkpoint and torch's export of it. */
const fixture = fileURLToPath(new URL('../../models/src/onnx-file/fixtures/cross-encoder', import.meta.url));

const pairs: Pair[] = [
  ['why is the sky blue', 'the moon is bright'],
  ['cat', 'a cat sat. the dog ran in the sun. a dog sat in the red moon'],
  ['猫', '月亮'],
  ['', 'the'],
];

async function scores(
  directory: string,
  options: FromPretrainedOptions = {},
  of: readonly Pair[] = pairs,
): Promise<number[]> {
  const model = await CrossEncoder.fromPretrained(directory, options);
  try {
    return await model.computeScore(of, { batchSize: 3 });
  } finally {
    model.dispose();
  }
}

function expectClose(found: readonly number[], expected: readonly number[], within: number) {
  expect(found).toHaveLength(expected.length);
  for (const [i, score] of expected.entries()) expect(Math.abs(found[i]! - score)).toBeLessThan(within);
}

/** A directory with all of the fixture but what is left out. */
function without(name: string, ...left: string[]): string {
  const directory = join(root, name);
  cpSync(fixture, directory, { recursive: true });
  for (const path of left) rmSync(join(directory, path));
  return directory;
}

describe('a file of another exporter', () => {
  it("torch's export scores as its checkpoint, asked for or alone", async () => {
    const expected = await scores(fixture);
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.05);
    expectClose(await scores(fixture, { onnx: true }), expected, 1e-5);
    expectClose(await scores(fixture, { onnx: 'onnx/model.onnx', driver: 'ffi' }), expected, 1e-5);
    expectClose(await scores(without('alone', 'model.safetensors')), expected, 1e-5);
  });

  it("onnxruntime's dynamic quantisation is near, and not the same", async () => {
    const expected = await scores(fixture);
    const quantised = await scores(fixture, { onnx: 'q8' });
    expect(quantised).not.toEqual(expected);
    expectClose(quantised, expected, 0.1);
  });

  it('verify: true of a quantised file is refused for what golden.json is, not for its outputs', async () => {
    const directory = without('verified');
    const model = await CrossEncoder.fromPretrained(fixture);
    await writeFile(join(directory, 'golden.json'), goldenText('reranker', await model.golden(pairs)));
    model.dispose();
    const open = (onnx: string) => CrossEncoder.fromPretrained(directory, { onnx, verify: true });
    (await open('fp32')).dispose();
    await expect(open('q8')).rejects.toThrow('golden.json records the outputs of the float32 weights');
  });

  it('several variants without a float32 one are listed, none is taken unasked', async () => {
    const directory = without('variants', 'model.safetensors', 'onnx/model.onnx');
    await expect(scores(directory)).rejects.toThrow('got onnx/model_quantized.onnx (q8) in the model');
    expect(await scores(directory, { onnx: true })).toHaveLength(pairs.length);
    await expect(scores(directory, { onnx: 'fp16' })).rejects.toThrow('onnx: expected onnx/model_fp16.onnx');
  });

  it('files in memory', async () => {
    const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx'];
    const files = await Promise.all(names.map(async (name) => [name, await readFile(join(fixture, name))]));
    const checkpoint = await openCheckpointOrOnnx(memorySource(Object.fromEntries(files)));
    const model = await CrossEncoder.fromCheckpoint(checkpoint);
    expectClose(await model.computeScore(pairs), await scores(fixture), 1e-5);
    model.dispose();
  });

  it('what needs weights is an error that says so, and leaves nothing behind', async () => {
    const model = await CrossEncoder.fromPretrained(fixture, { onnx: true });
    const directory = join(root, 'refused');
    for (const refused of [
      model.readWeights(),
      model.savePretrained(directory),
      model.exportOnnx(directory),
      model.exportNarrow(directory, pairs, { dtype: 'q8' }),
    ])
      await expect(refused).rejects.toThrow('got one that was opened from its ONNX file');
    expect(readdirSync(root)).not.toContain('refused');
    model.dispose();
    await expect(scores(fixture, { onnx: true, newHead: true })).rejects.toThrow('newHead: expected weights');
  });
});

describe('own exports', () => {
  const examples: Pair[] = tinyExamples(9).map(({ query, content }) => [query, content]);

  it('are opened again: in one file, with external data, over links as in a hub cache', async () => {
    const model = await openTiny();
    const expected = await model.computeScore(examples);
    const directory = join(root, 'own');
    await model.savePretrained(directory);
    for (const externalData of [false, true]) {
      await model.exportOnnx(directory, { externalData });
      expectClose(await scores(directory, { onnx: true }, examples), expected, 1e-5);
    }
    const [snapshot, blobs] = [join(root, 'snapshots/1'), join(root, 'blobs')];
    mkdirSync(join(snapshot, 'onnx'), { recursive: true });
    mkdirSync(blobs);
    const names = ['config.json', 'tokenizer.json', 'onnx/model.onnx', 'onnx/model.onnx_data'];
    for (const [i, name] of names.entries()) {
      cpSync(join(directory, name), join(blobs, `${i}abc`));
      symlinkSync(join('../'.repeat(name.split('/').length + 1), `blobs/${i}abc`), join(snapshot, name));
    }
    expectClose(await scores(snapshot, {}, examples), expected, 1e-5);
    expectClose(await scores(snapshot, { driver: 'ffi' }, examples), expected, 1e-5);
  });

  it.each(['fp16', 'q8', 'q4'] as const)('%s gives what it was judged on', async (dtype) => {
    const model = await openTiny();
    const expected = await model.computeScore(examples);
    const directory = join(root, `own-${dtype}`);
    await model.savePretrained(directory);
    const { loss } = await model.exportNarrow(directory, examples, { dtype, leastSpearman: 0 });
    await rm(join(directory, 'model.safetensors'));
    const found = await scores(directory, { onnx: dtype }, examples);
    const most = Math.max(...found.map((score, i) => Math.abs(score - expected[i]!)));
    // It was judged pair by pair; dynamic quantisation has one scale per batch.
    if (dtype === 'q8') expect(most).toBeLessThan(3 * loss.max);
    else expect(most).toBeCloseTo(loss.max, 5);
  });
});

describe('hostile files', () => {
  it('external data outside of the folder is refused', async () => {
    const model = await openTiny();
    const directory = join(root, 'hostile');
    await model.savePretrained(directory);
    await model.exportOnnx(directory, { externalData: true });
    const file = join(directory, 'onnx/model.onnx');
    const honest = await readFile(file, 'latin1');
    for (const name of ['../config.json..', '/etc/passwd-....', '*/_ORT_MEM_ADDR_']) {
      await writeFile(file, honest.replaceAll('model.onnx_data', name.slice(0, 15)), 'latin1');
      await expect(scores(directory, { onnx: true })).rejects.toThrow(OnnxFileError);
    }
    await rm(join(directory, 'onnx/model.onnx_data'));
    await writeFile(file, honest, 'latin1');
    await expect(scores(directory, { onnx: true })).rejects.toThrow('external data within its folder');
  });

  it('a graph of another task is refused by its outputs', async () => {
    const directory = without('other');
    cpSync(join(fixture, '../encoder/onnx/model.onnx'), join(directory, 'onnx/model.onnx'));
    await expect(scores(directory, { onnx: true })).rejects.toThrow(
      'expected an output "logits" [batch, 1], got "last_hidden_state" [batch_size, sequence_length, 16]',
    );
  });
});

it('wasm in Node, which reads no files, holds the weights of a directory or its ONNX file in memory', async () => {
  const expected = await scores(fixture);
  expectClose(await scores(fixture, { provider: 'wasm', threads: 1 }), expected, 1e-5);
  expectClose(await scores(fixture, { provider: 'wasm', threads: 1, onnx: true }), expected, 1e-4);
});
