import { readFileSync } from 'node:fs';
import { constant, encodeModel, linear, parameter, trace } from '@rag/onnx';
import { describe, expect, it, test } from 'vitest';
import { FileSourceError, memorySource } from '../file-source.js';
import { WEIGHTS_AS_STORED } from '../model-with-weights.js';
import { campaign } from '../testing/campaign.js';
import { mutateBytes } from '../testing/mutate-bytes.js';
import { externalLocations } from './external-locations.js';
import { OnnxFileError } from './onnx-file-error.js';
import { bytesField } from './onnx-wire.js';
import { readOnnxFile, sessionModel } from './read-onnx-file.js';
import { relocateExternal } from './relocate-external.js';

const graph = trace({ x: { dtype: 'float32', shape: ['rows', 3] } }, ({ x }) => ({
  y: linear(x, parameter('weight', [2, 3], 'float32'), constant([1, 2], 'float32')),
}));
const model = (location: string, offset = 0, length = 24) =>
  encodeModel(graph, { initializer: () => ({ location, offset, length }) });
const source = (bytes: Uint8Array, others: Record<string, Uint8Array> = {}) =>
  memorySource({ 'onnx/model.onnx': bytes, 'onnx/model.onnx_data': new Uint8Array(24), ...others });
const read = (bytes: Uint8Array, others?: Record<string, Uint8Array>) =>
  readOnnxFile(source(bytes, others), 'onnx/model.onnx');

/** A message's field, and fields in one message. */
const field = (number: number, ...content: Uint8Array[]) => bytesField(number, Buffer.concat(content));
const text = (value: string) => new TextEncoder().encode(value);
/** A TensorProto that names a file. */
const tensor = (location: string) => field(13, field(1, text('location')), field(2, text(location)));

describe('readOnnxFile', () => {
  it('knows the files that tensors name, relative to the model', async () => {
    const { external } = await read(model('model.onnx_data'));
    expect([...external]).toEqual([['model.onnx_data', 'onnx/model.onnx_data']]);
    expect((await read(model('deep/w.bin'), { 'onnx/deep/w.bin': new Uint8Array(24) })).external.size).toBe(
      1,
    );
    const whole = encodeModel(graph, { initializer: () => new Uint8Array(24) });
    expect((await read(whole)).external.size).toBe(0);
    expect((await sessionModel(await read(whole))).model).toEqual(whole);
  });

  it.each([
    '../config.json',
    '../../etc/passwd',
    '/etc/passwd',
    'C:\\x',
    '..\\x',
    './x',
    '',
    '*/_ORT_MEM_ADDR_/*',
  ])('a model that names %j is refused', async (location) => {
    await expect(read(model(location))).rejects.toThrow(OnnxFileError);
    await expect(read(model(location))).rejects.toThrow('expected external data within its folder');
  });

  it('external data that is shorter than it claims is refused', async () => {
    await expect(read(model('model.onnx_data', 4096))).rejects.toThrow('got a file of 24 bytes');
    await expect(read(model('model.onnx_data', 0, 2 ** 52))).rejects.toThrow('got a file of 24 bytes');
  });

  it('knows ops that only the CPU has', async () => {
    expect((await read(model('model.onnx_data'))).cpuOps.size).toBe(0);
    const node = (opType: string) => field(1, field(4, text(opType)));
    const graph = field(7, node('Gemm'), node('DynamicQuantizeLinear'), node('x'.repeat(101)));
    expect([...(await read(graph)).cpuOps]).toEqual(['DynamicQuantizeLinear']);
  });

  it('external data of 512 MiB stays as narrow as it is, less is opened as ONNX Runtime likes', async () => {
    const opened = (length: number) => {
      const bytes = model('model.onnx_data', 0, length);
      const sizes: Record<string, number> = {
        'onnx/model.onnx': bytes.length,
        'onnx/model.onnx_data': length,
      };
      const disk = {
        ...source(bytes),
        size: async (path: string) => sizes[path]!,
        localPath: async (path: string) => `/models/${path}`,
      };
      return readOnnxFile(disk, 'onnx/model.onnx').then(sessionModel);
    };
    expect((await opened(2 ** 29)).config).toBe(WEIGHTS_AS_STORED);
    const small = await opened(2 ** 29 - 4);
    expect(small.externalDataFolder).toBe('/models/onnx/');
    expect(small.config).toBeUndefined();
  });

  it('files in memory cannot have external data', async () => {
    await expect(sessionModel(await read(model('model.onnx_data')))).rejects.toThrow(
      'expected a model in one file',
    );
  });
});

describe('externalLocations', () => {
  const at = (bytes: Uint8Array) => externalLocations(memorySource({ m: bytes }), 'm');

  it.each([
    ['an initializer', field(7, field(5, tensor('a')))],
    ['a sparse initializer', field(7, field(15, field(1, tensor('a'))))],
    ["a node's attribute", field(7, field(1, field(5, field(5, tensor('a')))))],
    ['a list in an attribute', field(7, field(1, field(5, field(10, tensor('a')))))],
    ['a subgraph', field(7, field(1, field(5, field(6, field(5, tensor('a'))))))],
    ['a subgraph of a list', field(7, field(1, field(5, field(11, field(5, tensor('a'))))))],
    ['a function', Buffer.concat([field(7), field(25, field(7, field(5, field(5, tensor('a')))))])],
    ['training', Buffer.concat([field(7), field(20, field(1, field(5, tensor('a'))))])],
    ['the second of two graphs', Buffer.concat([field(7), field(7, field(5, tensor('a')))])],
    ['a location that names a place only', field(7, field(5, Uint8Array.of(14 << 3, 1), tensor('a')))],
  ])('finds what %s names', async (_, bytes) => {
    expect([...(await at(bytes))]).toEqual([['a', 0]]);
  });

  it('large weights are passed over, not read', async () => {
    const big = field(
      7,
      field(5, field(9, new Uint8Array(1 << 20)), field(8, text('w'))),
      field(5, tensor('z')),
    );
    const inner = memorySource({ m: big });
    let bytes = 0;
    const counting = {
      ...inner,
      read: (path: string, offset: number, length: number) => {
        bytes += length;
        return inner.read(path, offset, length);
      },
    };
    expect([...(await externalLocations(counting, 'm')).keys()]).toEqual(['z']);
    expect(bytes).toBeLessThan(1 << 18);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'an empty file'],
    ['text', text('<html>not a model</html>'), 'expected'],
    ['no graph', field(2, text('x')), 'expected an ONNX model with a graph'],
    [
      'a claim of terabytes',
      Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f),
      'a claim of 2199023255551',
    ],
    ['a head that is cut off', Uint8Array.of(0x3a), 'expected a field of onnx.proto at byte 0'],
    ['a group', Uint8Array.of(0x3b), 'expected a field of onnx.proto'],
    ['depth without end', nested(200), 'at most 100 messages within each other'],
    [
      'a name of many bytes',
      field(7, field(5, tensor('a'.repeat(5000)))),
      'at most 4096 bytes of external data',
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(at(bytes)).rejects.toThrow(OnnxFileError);
    await expect(at(bytes)).rejects.toThrow(message);
  });

  it('a model that is cut off anywhere is refused or names no other file', async () => {
    const whole = model('model.onnx_data');
    for (let length = 0; length < whole.length; length += 3)
      await at(whole.slice(0, length)).then(
        (found) => expect([...found.keys()].every((name) => name === 'model.onnx_data')).toBe(true),
        (error) => expect(error).toBeInstanceOf(OnnxFileError),
      );
  });

  it('mutated models are read or refused within bounds', async () => {
    const fixture = readFileSync(new URL('fixtures/encoder/onnx/model.onnx', import.meta.url));
    const report = await campaign({
      format: 'onnx',
      seed: 31,
      mutant: (random) => mutateBytes(random(2) === 0 ? fixture : model('model.onnx_data'), random),
      open: async (bytes) => {
        const file = await readOnnxFile(source(bytes), 'onnx/model.onnx');
        relocateExternal(bytes, new Map([...file.external.keys()].map((name) => [name, 'x'])));
      },
      errors: [OnnxFileError, FileSourceError],
    });
    expect(report.refused).toBeGreaterThan(30);
    expect(report.read).toBeGreaterThan(5);
  });
});

/** Graphs in attributes of nodes of graphs. */
function nested(levels: number): Uint8Array {
  let inner: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < levels; i++) inner = field(1, field(5, field(6, inner)));
  return field(7, inner);
}

test('relocation changes names alone', async () => {
  const bytes = model('model.onnx_data', 0, 24);
  const there = relocateExternal(bytes, new Map([['model.onnx_data', 'f00d']]));
  expect(there).toEqual(model('f00d', 0, 24));
  expect(relocateExternal(there, new Map([['f00d', 'model.onnx_data']]))).toEqual(bytes);
  expect(() => relocateExternal(bytes, new Map())).toThrow(RangeError);
});
