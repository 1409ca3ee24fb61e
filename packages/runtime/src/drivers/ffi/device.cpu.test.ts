import { add, encodeModel, type Graph, gather, mul, reduceSum, trace } from '@rag/onnx';
import { afterAll, describe, expect, it } from 'vitest';
import { type DType, Tensor, zeros } from '../../tensor.js';
import { cudaAbsent } from '../../testing/cuda-present.js';
import { expanding, lengthOf } from '../../testing/memory-exam.js';
import type { Device, DeviceTensor } from '../device.js';
import { liveHandles } from './api.js';
import { openFfiDevice } from './device.js';
import { openFfi } from './session.js';

const absent = cudaAbsent();
const float = (...values: number[]) => new Tensor('float32', [values.length], Float32Array.from(values));
const model = (graph: Graph) => encodeModel(graph);
const x = { dtype: 'float32', shape: ['n'] } as const;
const accumulate = model(
  trace({ sum: x, x }, (inputs) => ({ next: add(inputs.sum, inputs.x), total: reduceSum(inputs.x) })),
);
const floats = async (device: Device, tensor: DeviceTensor) =>
  Array.from((await device.download(tensor)).data as Float32Array);

afterAll(() => expect(liveHandles()).toBe(0));

// On the host this is the path that CUDA takes, over memory that ONNX Runtime allocates there. CUDA itself: not run where its provider is absent.
describe.each(['cpu', 'cuda'])('a device through the C API: %s', (provider) => {
  if (provider === 'cuda' && absent !== undefined) {
    it.skip(`skipped: ${absent}`, () => {});
    return;
  }
  const open = (): Promise<Device> => openFfiDevice({ provider, intraOpNumThreads: 1, config: {} });

  it('keeps tensors of every element type, shared memory and none', async () => {
    const device = await open();
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set([1, 2, 3]);
    const tensors = [
      ...(['float32', 'float16', 'bfloat16', 'int64', 'int32', 'bool', 'uint8'] as DType[]).map((dtype) => {
        const tensor = zeros(dtype, [2, 3]);
        new Uint8Array(tensor.data.buffer).forEach((_, i, bytes) => {
          bytes[i] = dtype === 'bool' ? i % 2 : i * 7;
        });
        return tensor;
      }),
      new Tensor('float32', [3], shared),
      zeros('float32', [0, 4]),
      float(0.5),
      new Tensor('float32', [2], Float32Array.of(0, 1, 2, 3).subarray(1, 3)),
    ];
    for (const tensor of tensors) {
      const there = await device.upload(tensor);
      expect(there).toMatchObject({ dtype: tensor.dtype, shape: tensor.shape });
      const back = await device.download(there);
      expect(Array.from(back.data as Float32Array)).toEqual(Array.from(tensor.data as Float32Array));
      there.dispose();
    }
    device.dispose();
  });

  it('runs over what lies there and gives new tensors, which outlive the model', async () => {
    const device = await open();
    const opened = await device.openModel(accumulate, new Set(['next']));
    let sum = await device.upload(float(1, 2, 3));
    for (let step = 0; step < 3; step++) {
      const { device: kept, host } = await opened.run({ sum, x: float(1, 10, 100) });
      expect(Object.keys(kept)).toEqual(['next']);
      expect(Array.from(host.total!.data as Float32Array)).toEqual([111]);
      sum.dispose();
      sum = kept.next!;
    }
    opened.dispose();
    expect(sum.shape).toEqual([3]);
    expect(await floats(device, sum)).toEqual([4, 32, 303]);
    sum.dispose();
    device.dispose();
  });

  it('has two models at once, and frees itself after their runs', async () => {
    const device = await open();
    const [first, second] = [
      await device.openModel(accumulate, new Set(['next'])),
      await device.openModel(model(trace({ x }, (inputs) => ({ y: mul(inputs.x, 2) }))), new Set()),
    ];
    const there = await device.upload(float(1, 2));
    const runs = [first.run({ sum: there, x: there }), second.run({ x: there })] as const;
    for (const owner of [there, first, second, device]) owner.dispose();
    const [a, b] = await Promise.all(runs);
    expect(Array.from(b.host.y!.data as Float32Array)).toEqual([2, 4]);
    a.device.next!.dispose();
    await expect(device.upload(float(1))).rejects.toThrow('expected a live device');
  });

  it('lives as long as its tensors', async () => {
    const device = await open();
    const opened = await device.openModel(accumulate, new Set(['next']));
    const start = liveHandles();
    const there = await device.upload(float(1, 2));
    const { next } = (await opened.run({ sum: there, x: there })).device;
    opened.dispose();
    device.dispose();
    // What allocated them waits for them.
    expect(liveHandles()).toBe(start + 2);
    next!.dispose();
    there.dispose();
  });

  it('says what is wrong, and leaves nothing behind', async () => {
    const [device, other] = [await open(), await open()];
    const opened = await device.openModel(accumulate, new Set(['next']));
    const there = await device.upload(float(1, 2));
    await expect(opened.run({ sum: there })).rejects.toThrow('run: input "x": expected a tensor, got none');
    const elsewhere = await other.upload(float(1, 2));
    await expect(opened.run({ sum: elsewhere, x: there })).rejects.toThrow('got one of another');
    await expect(device.download(elsewhere)).rejects.toThrow('got one of another');
    await expect(opened.run({ sum: there, x: float(1, 2, 3) })).rejects.toThrow('ONNX Runtime: ');
    await expect(device.openModel(accumulate, new Set(['gone']))).rejects.toThrow(
      '(next, total), got "gone"',
    );
    await expect(device.openModel(new Uint8Array(4), new Set())).rejects.toThrow('ONNX Runtime: ');
    const rows = model(
      trace({ x, at: { dtype: 'int64', shape: ['m'] } }, (inputs) => ({ y: gather(inputs.x, inputs.at) })),
    );
    const taking = await device.openModel(rows, new Set(['y']));
    const at = new Tensor('int64', [1], BigInt64Array.of(9n));
    await expect(taking.run({ x: there, at })).rejects.toThrow('ONNX Runtime: ');
    there.dispose();
    there.dispose();
    await expect(device.download(there)).rejects.toThrow('got one that was disposed');
    await expect(opened.run({ sum: there, x: float(1, 2) })).rejects.toThrow('got one that was disposed');
    opened.dispose();
    await expect(opened.run({ sum: float(1), x: float(1) })).rejects.toThrow('expected a live model');
    for (const owner of [elsewhere, taking, device, other]) owner.dispose();
  });

  it('says where memory ends, and runs on', async () => {
    const device = await open();
    const model = await device.openModel(expanding(false), new Set(['y']));
    const start = liveHandles();
    for (const elements of [2n ** 46n, 2n ** 50n])
      await expect(model.run(lengthOf(elements))).rejects.toMatchObject({
        name: 'OutOfMemoryError',
        provider,
        ...(provider === 'cpu' && { bytes: 4 * Number(elements) }),
      });
    expect(liveHandles()).toBe(start);
    const { y } = (await model.run(lengthOf(3n))).device;
    expect(await floats(device, y!)).toEqual([2, 2, 2]);
    for (const owner of [y!, model, device]) owner.dispose();
  });

  it('frees what thousands of steps replace', async () => {
    const device = await open();
    const opened = await device.openModel(accumulate, new Set(['next']));
    const size = 2 ** 20;
    const ones = new Tensor('float32', [size], new Float32Array(size).fill(1));
    let sum = await device.upload(zeros('float32', [size]));
    const steps = process.env.RAG_LONG ? 10_000 : 300;
    const start = liveHandles();
    let before = 0;
    for (let step = 0; step < steps; step++) {
      const { device: kept } = await opened.run({ sum, x: ones });
      sum.dispose();
      sum = kept.next!;
      expect(liveHandles()).toBe(start);
      if (step === 99) before = process.memoryUsage().rss;
    }
    // 200 steps that freed nothing would keep 800 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
    expect((await floats(device, sum)).every((value) => value === steps)).toBe(true);
    for (const owner of [sum, opened, device]) owner.dispose();
  });
});

it.skipIf(absent === undefined)('says what to install where there is no CUDA', async () => {
  await expect(openFfiDevice({ provider: 'cuda', config: {} })).rejects.toThrow(
    '--onnxruntime-node-install=cuda12',
  );
});

it.skipIf(absent === undefined)(
  'passes on why ONNX Runtime cannot use CUDA, and leaves nothing behind',
  async () => {
    await expect(
      openFfi(accumulate, { provider: 'cuda', config: {}, cuda: { deviceId: 1 } }),
    ).rejects.toThrow(
      /provider 'cuda': expected a CUDA device that ONNX Runtime can use, got: .*install an NVIDIA driver/s,
    );
  },
);
