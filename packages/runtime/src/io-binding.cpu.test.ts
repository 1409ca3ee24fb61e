import { afterAll, describe, expect, test } from 'vitest';
import { liveHandles } from './drivers/ffi/api.js';
import { type BindableSession, createSession } from './session.js';
import { Tensor } from './tensor.js';
import { tinyModel } from './testing/tiny-model.js';

/** total[n] + gradient[n] → sum[n] */
const add = tinyModel(
  [
    { name: 'total', dtype: 'float32', shape: ['n'] },
    { name: 'gradient', dtype: 'float32', shape: ['n'] },
  ],
  [{ name: 'sum', dtype: 'float32', shape: ['n'] }],
  [{ op: 'Add', inputs: ['total', 'gradient'], outputs: ['sum'] }],
);

/** total[n, n] + a[n, n] · b[n, n] → sum: the gradient is made inside the graph, where fusions could reach the addition. */
const addProduct = tinyModel(
  ['total', 'a', 'b'].map((name) => ({ name, dtype: 'float32', shape: ['n', 'n'] }) as const),
  [{ name: 'sum', dtype: 'float32', shape: ['n', 'n'] }],
  [
    { op: 'MatMul', inputs: ['a', 'b'], outputs: ['gradient'] },
    { op: 'Add', inputs: ['total', 'gradient'], outputs: ['sum'] },
  ],
);

const open = (model: Uint8Array, intraOpNumThreads = 1): Promise<BindableSession> =>
  createSession(model, { provider: 'cpu', driver: 'ffi', intraOpNumThreads, logSeverityLevel: 4 });

function shared(values: ArrayLike<number>): Tensor {
  const data = new Float32Array(new SharedArrayBuffer(values.length * 4));
  data.set(values);
  return new Tensor('float32', [values.length], data);
}
const own = (...values: number[]): Tensor =>
  new Tensor('float32', [values.length], Float32Array.from(values));

describe('bind', () => {
  afterAll(() => {
    expect(liveHandles()).toBe(0);
  });

  test('reads and writes arrays in place, shared ones and ones below 64 bytes included', async () => {
    const session = await open(add);
    for (const make of [own, (...values: number[]) => shared(values)]) {
      const [total, gradient, sum] = [make(1, 2), make(10, 20), make(0, 0)];
      const binding = session.bind({
        inputs: { total: total!, gradient: gradient! },
        outputs: { sum: sum! },
      });
      await binding.run();
      expect(Array.from(sum!.data as Float32Array)).toEqual([11, 22]);
      gradient!.data[0] = 100;
      // Garbage between the runs: an array inside V8's moving heap would have moved by now.
      const litter = Array.from({ length: 2000 }, () => new Float32Array(1000));
      expect(litter.length).toBe(2000);
      await binding.run();
      expect(Array.from(sum!.data as Float32Array)).toEqual([101, 22]);
      binding.dispose();
    }
    session.dispose();
  });

  test('rebinds to other tensors and other symbolic sizes', async () => {
    const session = await open(add);
    const sum = own(0, 0);
    const binding = session.bind({ inputs: { total: own(1, 2), gradient: own(3, 4) }, outputs: { sum } });
    await binding.run();
    binding.rebindInput('total', own(5, 6));
    await binding.run();
    expect(Array.from(sum.data as Float32Array)).toEqual([8, 10]);
    const longer = own(0, 0, 0);
    binding.rebindInput('total', own(1, 1, 1));
    binding.rebindInput('gradient', own(1, 2, 3));
    binding.rebindOutput('sum', longer);
    await binding.run();
    expect(Array.from(longer.data as Float32Array)).toEqual([2, 3, 4]);
    expect(Array.from(sum.data as Float32Array)).toEqual([8, 10]);
    binding.dispose();
    session.dispose();
  });

  test.each([1, 2])('adds into its own input exactly, on %i threads', async (threads) => {
    const session = await open(add, threads);
    const size = 300_001;
    const gradient = shared(Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i))));
    const total = shared(new Float32Array(size));
    const expected = new Float32Array(size);
    const binding = session.bind({
      inputs: { total, gradient },
      outputs: { sum: total },
      inPlaceAdd: { sum: 'total' },
    });
    for (let step = 0; step < 20; step++) {
      await binding.run();
      for (let i = 0; i < size; i++) expected[i]! += (gradient.data as Float32Array)[i]!;
    }
    expect(Buffer.from(total.data.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
    binding.dispose();
    session.dispose();
  });

  test('adds a product made in the same graph into its own input exactly', async () => {
    const session = await open(addProduct, 2);
    const size = 192;
    // Whole numbers below 2^24 keep every order of summation exact.
    const fill = (step: number) => Float32Array.from({ length: size * size }, (_, i) => ((i * step) % 7) - 3);
    const tensor = (data: Float32Array) => new Tensor('float32', [size, size], data);
    const [a, b, total, apart] = [fill(3), fill(5), fill(2), new Float32Array(size * size)];
    const inputs = { total: tensor(total!), a: tensor(a!), b: tensor(b!) };
    const separate = session.bind({ inputs, outputs: { sum: tensor(apart!) } });
    await separate.run();
    const inPlace = session.bind({ inputs, outputs: { sum: inputs.total }, inPlaceAdd: { sum: 'total' } });
    await inPlace.run();
    expect(total).toEqual(apart);
    expect(total!.some((value) => value !== 0)).toBe(true);
    session.dispose();
  });

  test('refuses shared memory but for the one pattern', async () => {
    const session = await open(add);
    const memory = new Float32Array(6);
    const at = (start: number) => new Tensor('float32', [2], memory.subarray(start, start + 2));
    const refusal = 'bind: output "sum": expected memory of its own, got that of input "total"';
    const inputs = { total: at(0), gradient: at(4) };
    expect(() => session.bind({ inputs, outputs: { sum: at(0) } })).toThrow(refusal);
    expect(() => session.bind({ inputs, outputs: { sum: at(1) }, inPlaceAdd: { sum: 'total' } })).toThrow(
      refusal,
    );
    expect(() => session.bind({ inputs, outputs: { sum: at(4) }, inPlaceAdd: { sum: 'total' } })).toThrow(
      'got that of input "gradient"',
    );
    const binding = session.bind({ inputs, outputs: { sum: at(2) } });
    expect(() => binding.rebindOutput('sum', at(0))).toThrow('got that of input "total"');
    expect(() => binding.rebindInput('total', at(2))).toThrow('got that of input "total"');
    session.dispose();
  });

  test('refuses what does not fit', async () => {
    const session = await open(add);
    const [total, gradient, sum] = [own(1), own(2), own(0)];
    expect(() => session.bind({ inputs: { total }, outputs: { sum } })).toThrow('got none named "gradient"');
    expect(() => session.bind({ inputs: { total, gradient }, outputs: {} })).toThrow(
      'at least one output, got none',
    );
    const wide = new Tensor('float64', [1], new Float64Array(1));
    expect(() => session.bind({ inputs: { total, gradient }, outputs: { sum: wide } })).toThrow(
      'expected float32',
    );
    const binding = session.bind({ inputs: { total, gradient }, outputs: { sum } });
    expect(() => binding.rebindInput('momentum', total)).toThrow(
      `one of the model's inputs (total, gradient)`,
    );
    expect(() => binding.rebindOutput('loss', total)).toThrow('expected a bound output (sum), got "loss"');
    structuredClone(gradient.data.buffer, { transfer: [gradient.data.buffer as ArrayBuffer] });
    await expect(binding.run()).rejects.toThrow('was its buffer transferred to another thread?');
    session.dispose();
  });

  test('runs once at a time, and disposes after its run', async () => {
    const session = await open(add);
    const sum = own(0, 0);
    const binding = session.bind({ inputs: { total: own(1, 2), gradient: own(3, 4) }, outputs: { sum } });
    const first = binding.run();
    await expect(binding.run()).rejects.toThrow('run: expected an idle binding, got one that runs');
    expect(() => binding.rebindInput('total', own(0, 0))).toThrow('expected an idle binding');
    session.dispose();
    await first;
    expect(Array.from(sum.data as Float32Array)).toEqual([4, 6]);
    binding.dispose();
    await expect(binding.run()).rejects.toThrow('expected a live session, got one that was disposed');
    expect(() => session.bind({ inputs: {}, outputs: {} })).toThrow('bind: expected a live session');
    const again = await open(add);
    const other = again.bind({ inputs: { total: own(1), gradient: own(3) }, outputs: { sum: own(0) } });
    other.dispose();
    other.dispose();
    await expect(other.run()).rejects.toThrow('expected a live binding, got one that was disposed');
    again.dispose();
  });
});
