import {
  cast,
  type Graph,
  gradients,
  graphOf,
  input,
  linear,
  mul,
  nameOf,
  parameter,
  reduceSum,
  type TypedArray,
} from '@rag/onnx';
import { floats, type HostTensor, runGraph, tensor } from '@rag/onnx/testing';
import { describe, expect, it, test } from 'vitest';
import { float32ToBfloat16 } from '../float16.js';
import { parameterRoot } from '../parameters.js';
import { packParameter, unpackParameter } from './pack-parameter.js';
import { PARAMETER_STORAGES, type ParameterStorage, storedTensors } from './parameter-storage.js';

const narrow = PARAMETER_STORAGES.filter((storage) => storage !== 'float32');
const OUT = 5;
const NAME = 'layer.weight';
const drawn = (shape: readonly number[], seed: number) => ({
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(floats(shape, seed).data as Float64Array),
});
const weightOf = (width: number) => drawn([OUT, width], 3).data.map((x, i) => (i % 7 === 0 ? 0 : x / 4));
/** onnxruntime-node's own binding takes no bfloat16 tensors: those are initializers here. */
const runStored = (graph: Graph, feeds: Readonly<Record<string, HostTensor>>) => {
  const fed = Object.entries(feeds).filter(([, { dtype }]) => dtype !== 'bfloat16');
  return runGraph(graph, Object.fromEntries(fed), {
    initializer: (_, name) => {
      const { dtype, data } = feeds[name]!;
      return dtype === 'bfloat16' ? new Uint8Array(data.buffer) : undefined;
    },
  });
};
const packedFeeds = (width: number, storage: ParameterStorage) => {
  const packed = packParameter(NAME, [OUT, width], weightOf(width), storage);
  return {
    feeds: Object.fromEntries(
      packed.map(({ name, dtype, shape, data }) => [name, { dtype, shape, data: data as TypedArray }]),
    ),
    plain: unpackParameter(
      [OUT, width],
      storage,
      packed.map(({ data }) => data),
    ),
  };
};

describe.each(narrow)('%s', (storage) => {
  it.each([32, 70])(
    'a linear layer and its gradient by x are those of the widened weights, width %i',
    async (width) => {
      const x = input('x', 'float32', ['tokens', width]);
      const dy = drawn([3, OUT], 9);
      const run = async (narrowed: boolean) => {
        const weight = narrowed
          ? parameterRoot({ storage: () => storage }).get(NAME, [OUT, width])
          : parameter(NAME, [OUT, width]);
        const y = linear(x, weight);
        const given = input('dy', 'float32', ['tokens', OUT]);
        const [dx] = gradients(reduceSum(mul(y, given)), [x]);
        const { feeds, plain } = packedFeeds(width, storage);
        const stored = narrowed
          ? feeds
          : { [NAME]: { dtype: 'float32' as const, shape: [OUT, width], data: plain } };
        return runStored(graphOf([x, given], { y, dx: dx!, weight: mul(weight, 1) }), {
          x: drawn([3, width], 5),
          dy,
          ...stored,
        });
      };
      const [ours, plain] = [await run(true), await run(false)];
      expect(ours.weight!.data).toEqual(plain.weight!.data);
      expect(ours.y!.data).toEqual(plain.y!.data);
      expect(ours.dx!.data).toEqual(plain.dx!.data);
      // The weights are not those of another matrix either: within the storage's step.
      const wide = weightOf(width);
      const worst = Math.max(...wide.map((w, i) => Math.abs(w - (plain.weight!.data[i] as number))));
      const most = Math.max(...wide.map((w) => Math.abs(w)));
      expect(worst).toBeGreaterThan(0);
      expect(worst / most).toBeLessThan({ float16: 1e-3, bfloat16: 5e-3, int8: 5e-3, int4: 0.13 }[storage]);
    },
  );

  it('rows of a table are widened alone', async () => {
    const ids = input('ids', 'int64', ['tokens']);
    const rows = parameterRoot({ storage: () => storage }).rows(NAME, [OUT, 40], ids);
    const { feeds, plain } = packedFeeds(40, storage);
    const { rows: found } = await runStored(graphOf([ids], { rows }), { ids: tensor([4, 0, 4]), ...feeds });
    expect(found!.shape).toEqual([3, 40]);
    expect([...found!.data]).toEqual(
      [4, 0, 4].flatMap((row) => [...plain.subarray(row * 40, (row + 1) * 40)]),
    );
  });
});

test('the graph’s parameters are those that packParameter fills', () => {
  for (const storage of PARAMETER_STORAGES) {
    const value = parameterRoot({ storage: () => storage }).get(NAME, [OUT, 70]);
    const { parameters } = graphOf([], { y: cast(value, 'float32') });
    expect(
      parameters
        .map((p) => ({ name: nameOf(p), dtype: p.dtype, shape: p.shape }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ).toEqual(storedTensors(NAME, [OUT, 70], storage));
  }
});

test('codes of the wanted precision are taken as they are', () => {
  const codes = float32ToBfloat16(weightOf(32));
  expect(packParameter(NAME, [OUT, 32], { dtype: 'bfloat16', codes }, 'bfloat16')[0]!.data).toBe(codes);
  const [wide] = packParameter(NAME, [OUT, 32], { dtype: 'bfloat16', codes }, 'float32');
  expect(wide!.data).toEqual(unpackParameter([OUT, 32], 'bfloat16', [codes]));
});

test('what cannot be stored is refused', () => {
  const bias = parameterRoot({ storage: () => 'int4' });
  expect(() => bias.get('layer.bias', [4])).toThrow(
    'layer.bias: expected a matrix to store as int4, got [4] — store it as float32',
  );
  expect(() => packParameter(NAME, [1, 2], Float32Array.of(1, 65520), 'float16')).toThrow(
    'layer.weight: expected finite elements within float16, got 65520 at element 1',
  );
  expect(() => packParameter(NAME, [1, 2], Float32Array.of(Number.NaN, 0), 'int8')).toThrow(
    'got NaN at element 0',
  );
  expect(() => packParameter(NAME, [2, 2], new Float32Array(3), 'int8')).toThrow(
    'expected 4 elements [2, 2], got 3',
  );
});
