import { afterAll, expect, test } from 'vitest';
import { createSession } from '../../session.js';
import { Tensor } from '../../tensor.js';
import { sessionExam } from '../../testing/exam.js';
import { tinyModel } from '../../testing/tiny-model.js';
import { liveHandles } from './api.js';

sessionExam('ffi');

afterAll(() => {
  // After every session of the exam was disposed, failed ones included.
  expect(liveHandles()).toBe(0);
});

test('a run leaves the event loop free', async () => {
  const size = 1024;
  const value = { dtype: 'float32', shape: [size, size] } as const;
  const model = tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'c', ...value }],
    [
      { op: 'MatMul', inputs: ['a', 'a'], outputs: ['b'] },
      { op: 'MatMul', inputs: ['a', 'b'], outputs: ['c'] },
    ],
  );
  const session = await createSession(model, { provider: 'cpu', driver: 'ffi', intraOpNumThreads: 1 });
  const a = new Tensor('float32', [size, size], new Float32Array(size * size).fill(1 / size));
  let turns = 0;
  let running = true;
  const count = (): void => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const { c } = await session.run({ a });
  running = false;
  // The binding of onnxruntime-node gives one or two turns here, whatever the size.
  expect(turns).toBeGreaterThan(20);
  expect((c!.data as Float32Array)[0]).toBeCloseTo(1 / size, 9);
  session.dispose();
});

test('takes a thousand inputs with long names in one run', async () => {
  const name = (i: number): string => `encoder.layer.${i}.${'attention.self.'.repeat(12)}weight`;
  const count = 1000;
  const model = tinyModel(
    Array.from({ length: count }, (_, i) => ({ name: name(i), dtype: 'float32', shape: [1] }) as const),
    [{ name: 'sum', dtype: 'float32', shape: [1] }],
    [{ op: 'Sum', inputs: Array.from({ length: count }, (_, i) => name(i)), outputs: ['sum'] }],
  );
  const session = await createSession(model, { provider: 'cpu', driver: 'ffi', intraOpNumThreads: 1 });
  const feeds = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [name(i), new Tensor('float32', [1], Float32Array.of(i))]),
  );
  const { sum } = await session.run(feeds);
  expect((sum!.data as Float32Array)[0]).toBe((count * (count - 1)) / 2);
  session.dispose();
});
