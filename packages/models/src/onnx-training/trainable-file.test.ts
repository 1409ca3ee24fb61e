import { fileURLToPath } from 'node:url';
import { type ExternalData, exchangeWeights, initializerElements, readModelProto } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { parseEncoderConfig } from '../config.js';
import { type FileSource, memorySource, readJsonObject } from '../file-source.js';
import { directorySource } from '../node/directory-source.js';
import { openTrainableFile } from './trainable-file.js';

const fixture = (name: string) =>
  directorySource(fileURLToPath(new URL(`../fixtures/onnx-exports/${name}`, import.meta.url)));
const PATH = 'onnx/model.onnx';

async function open(source: FileSource, names = ['logits']) {
  const config = parseEncoderConfig(await readJsonObject(await fixture('bert'), 'config.json'));
  return openTrainableFile(source, PATH, config, { names, rank: 2, width: 1 });
}
const bytesIn = async (source: FileSource) => source.read(PATH, 0, await source.size(PATH));

describe('a file with other weights', () => {
  it('opens with them, and is the file that it was in everything else', async () => {
    const source = await fixture('bert');
    const file = await open(source);
    const { model, data } = file.withWeights((name) => new Float32Array(countOf(file, name)).fill(0.5));
    expect(data).toBeUndefined();
    const again = await open(memorySource({ [PATH]: model }));
    expect(again.parameters.map(({ name }) => name)).toEqual(file.parameters.map(({ name }) => name));
    for (const { name } of again.parameters)
      expect((await again.read(name)).every((value) => value === 0.5)).toBe(true);
    // Those that were an Identity of another are initializers of their own now.
    const shared = file.parameters.filter(({ name, initializer }) => name !== initializer);
    expect(shared.map(({ name }) => name)).toEqual(['bert.encoder.layer.0.attention.self.value.bias']);
    const [before, after] = [await bytesIn(source), model].map((bytes) => readModelProto(bytes).graph!);
    expect(after!.node).toHaveLength(before!.node.length - shared.length);
    expect(after!.initializer).toHaveLength(before!.initializer.length + shared.length);
  });

  it('keeps them apart where they lay apart, and reads them there', async () => {
    const whole = await open(await fixture('bert'));
    const places = new Map<string, ExternalData>();
    let end = 0;
    for (const { name } of whole.parameters) {
      places.set(name, { location: 'weights.bin', offset: end, length: 4 * countOf(whole, name) });
      end += 4 * countOf(whole, name);
    }
    const proto = readModelProto(await bytesIn(await fixture('bert')));
    const data = new Uint8Array(end);
    for (const [name, { offset }] of places)
      data.set(new Uint8Array((await whole.read(name)).buffer), offset);
    const model = exchangeWeights(proto, whole.parameters, (name) => places.get(name)!);
    const apart = await open(memorySource({ [PATH]: model, 'onnx/weights.bin': data }));
    for (const { name } of whole.parameters) expect(await apart.read(name)).toEqual(await whole.read(name));

    const values = new Map<string, Float32Array>();
    for (const { name } of apart.parameters)
      values.set(
        name,
        (await apart.read(name)).map((x) => x + 1),
      );
    const saved = apart.withWeights((name) => values.get(name)!);
    expect(saved.model.length).toBeLessThan(model.length + 4096);
    const parts = Buffer.concat([...saved.data!()]);
    const elements = initializerElements(readModelProto(saved.model));
    for (const [name, held] of elements)
      if (!(held instanceof Uint8Array))
        expect([held.location, held.offset % 4096], name).toEqual(['model.onnx_data', 0]);
    const reopened = await open(
      memorySource({ [PATH]: saved.model, 'onnx/model.onnx_data': new Uint8Array(parts) }),
    );
    for (const { name } of whole.parameters) expect(await reopened.read(name)).toEqual(values.get(name));

    const escaping = exchangeWeights(proto, whole.parameters, (name) => ({
      ...places.get(name)!,
      location: '../../secret',
    }));
    await expect(open(memorySource({ [PATH]: escaping }))).rejects.toThrow('within its folder');
    const beyond = { [PATH]: model, 'onnx/weights.bin': data.subarray(0, end - 4) };
    await expect(open(memorySource(beyond))).rejects.toThrow('inside the file');
  });
});

const countOf = (
  { parameters }: { parameters: readonly { name: string; shape: readonly number[] }[] },
  wanted: string,
): number => parameters.find(({ name }) => name === wanted)!.shape.reduce((count, size) => count * size, 1);

describe('a file that is refused', () => {
  const edited = async (change: (graph: NonNullable<ReturnType<typeof readModelProto>['graph']>) => void) => {
    const model = readModelProto(await bytesIn(await fixture('bert')));
    change(model.graph!);
    return memorySource({ [PATH]: exchangeWeights(model, [], () => new Uint8Array()) });
  };

  it('names every op without a rule, and what to do', async () => {
    const source = await edited(({ node }) => {
      for (const one of node) if (one.opType === 'MatMul') one.opType = 'MatMulInteger';
      for (const one of node) if (one.opType === 'Erf') one.opType = 'QLinearErf';
    });
    await expect(open(source)).rejects.toThrow(
      /^onnx\/model\.onnx: expected ops that have a gradient rule, got MatMulInteger \(8 nodes, first "\/bert\/encoder\/layer\.0\/attention\/self\/query\/MatMul"\), QLinearErf \("\/[^"]+\/Erf"\) — train from the fp32 file or the safetensors checkpoint$/,
    );
  });

  it('has other inputs or outputs than a text encoder', async () => {
    const renamed = await edited(({ input }) => {
      input[0]!.name = 'pixel_values';
    });
    await expect(open(renamed)).rejects.toThrow(
      'got "pixel_values" int64[batch_size, sequence_length] — export',
    );
    const outputs = await edited((graph) => {
      graph.output.push({ ...graph.output[0]!, name: 'hidden' });
    });
    await expect(open(outputs, ['last_hidden_state'])).rejects.toThrow(
      'expected an output "last_hidden_state", got logits, hidden',
    );
    const wide = openTrainableFile(
      await fixture('bert'),
      PATH,
      parseEncoderConfig(await readJsonObject(await fixture('bert'), 'config.json')),
      { names: ['last_hidden_state'], rank: 3, width: 16 },
    );
    await expect(wide).rejects.toThrow(
      'expected "logits" of 3 axes, the last of 16, got [batch, 1] — train it',
    );
    await expect(open(memorySource({ [PATH]: new Uint8Array([1, 2, 3]) }))).rejects.toThrow('no ONNX model');
  });
});
