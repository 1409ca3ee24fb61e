import { describe, expect, test } from 'vitest';
import { createSession, type Driver, type Provider, type Session, type SessionOptions } from '../session.js';
import { type DType, dtypes, Tensor, zeros } from '../tensor.js';
import { addAndNegate, floats, identity, matmul, matrix, numbers, samples, weight } from './exam-models.js';
import { memoryExam } from './memory-exam.js';
import { tinyModel } from './tiny-model.js';

/** What a driver may lack, with the error that it gives instead. */
export interface ExamOptions {
  /** `cpu` where left out. */
  readonly provider?: Provider;
  /** Most threads within one operator; 2 where left out. */
  readonly threads?: number;
  /** Whether models may name files of weights; true where left out. */
  readonly externalData?: boolean;
  /** Element types that the driver cannot pass in or out. */
  readonly refusedDtypes?: readonly DType[];
}

/** The tests that every driver passes: registers them with vitest. */
export function sessionExam(
  driver: Driver,
  { provider = 'cpu', threads = 2, externalData = true, refusedDtypes = [] }: ExamOptions = {},
): void {
  // A page has one number for all sessions.
  const intraOpNumThreads = driver === 'web' ? threads : 1;
  const open = (model: Uint8Array | string, options: Partial<SessionOptions> = {}): Promise<Session> =>
    createSession(model, { provider, intraOpNumThreads, logSeverityLevel: 4, ...options, driver });
  const using = async (model: Uint8Array, body: (session: Session) => Promise<void>): Promise<void> => {
    const session = await open(model);
    try {
      await body(session);
    } finally {
      session.dispose();
    }
  };

  describe(`session exam: ${driver}`, () => {
    test('describes inputs and outputs', () =>
      using(matmul, async (session) => {
        expect(session.driver).toBe(driver);
        expect(session.provider).toBe(provider);
        expect(session.inputs).toEqual([
          { name: 'x', dtype: 'float32', shape: ['rows', 3] },
          { name: 'w', dtype: 'float32', shape: [3, 2] },
        ]);
        expect(session.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['rows', 2] }]);
      }));

    test('computes with dynamic shapes, also of no rows', () =>
      using(matmul, async (session) => {
        for (const count of [1, 3, 2, 0]) {
          const x = Array.from({ length: count * 3 }, (_, i) => i - 2);
          const { y } = await session.run({ x: matrix([count, 3], x), w: weight });
          const expected = Array.from({ length: count }, (_, r) =>
            [0, 1].map((c) => [0, 1, 2].reduce((sum, k) => sum + x[3 * r + k]! * (2 * k + c + 1), 0)),
          );
          expect(y!.shape).toEqual([count, 2]);
          expect(numbers(y!.data)).toEqual(expected.flat());
        }
      }));

    for (const dtype of Object.keys(dtypes) as DType[]) {
      if (refusedDtypes.includes(dtype)) {
        test(`refuses ${dtype}`, async () => {
          await expect(open(identity(dtype))).rejects.toThrow(/unsupported data type/i);
        });
        continue;
      }
      test(`passes ${dtype} unchanged`, () =>
        using(identity(dtype), async (session) => {
          const input = samples(dtype);
          const { out } = await session.run({ in: input });
          expect(out!.dtype).toBe(dtype);
          expect(out!.data).toEqual(input.data);
          expect(out!.data.buffer).not.toBe(input.data.buffer);
          const given = zeros(dtype, [2, 2]);
          await session.run({ in: input }, { out: given });
          expect(given.data).toEqual(input.data);
        }));
    }

    test('fetches the named outputs only', () =>
      using(addAndNegate, async (session) => {
        const results = await session.run({ a: floats(1, 2), b: floats(3, 4) }, ['negated']);
        expect(Object.keys(results)).toEqual(['negated']);
        expect(numbers(results.negated!.data)).toEqual([-1, -2]);
      }));

    test('writes into given tensors, views within a larger buffer included', () =>
      using(addAndNegate, async (session) => {
        const memory = new Float32Array(6).fill(9);
        const sum = new Tensor('float32', [2], memory.subarray(1, 3));
        const negated = new Tensor('float32', [2], memory.subarray(3, 5));
        const results = await session.run({ a: floats(1, 2), b: floats(3, 4) }, { sum, negated });
        expect(results.sum).toBe(sum);
        expect(results.negated).toBe(negated);
        expect(Array.from(memory)).toEqual([9, 4, 6, -1, -2, 9]);
      }));

    test('refuses what does not fit before it runs', () =>
      using(matmul, async (session) => {
        const x = matrix([1, 3], [1, 2, 3]);
        const fails = (
          feeds: Record<string, Tensor>,
          fetches: Parameters<Session['run']>[1],
          message: string,
        ) => expect(session.run(feeds, fetches)).rejects.toThrow(message);
        const wide = new Tensor('float64', [1, 3], new Float64Array(3));
        await fails({ x }, undefined, 'run: expected the inputs x, w, got none named "w" — feed it');
        await fails(
          { x, w: weight, v: x },
          undefined,
          `run: expected one of the model's inputs (x, w), got "v"`,
        );
        await fails({ x: wide, w: weight }, undefined, 'run: input "x": expected float32, got float64');
        await fails(
          { x: floats(1, 2, 3), w: weight },
          undefined,
          'input "x": expected shape [rows, 3], got [3]',
        );
        await fails({ x: weight, w: weight }, undefined, 'input "x": expected shape [rows, 3], got [3, 2]');
        await fails({ x, w: weight }, ['z'], `run: expected one of the model's outputs (y), got "z"`);
        await fails({ x, w: weight }, [], 'run: expected at least one output to fetch (y), got none');
        await fails(
          { x, w: weight },
          { y: zeros('int64', [1, 2]) },
          'output "y": expected float32, got int64',
        );
        await fails(
          { x, w: weight },
          { y: zeros('float32', [1, 3]) },
          'output "y": expected shape [rows, 2]',
        );
        const alias = new Tensor('float32', [1, 2], (x.data as Float32Array).subarray(1));
        await fails({ x, w: weight }, { y: alias }, 'expected memory of its own, got that of input "x"');
      }));

    test("keeps ONNX Runtime's message, and runs on after a failed run", () =>
      using(addAndNegate, async (session) => {
        const bad = session.run({ a: floats(1, 2), b: floats(1, 2, 3) });
        await expect(bad).rejects.toThrow(/run: ONNX Runtime: .*broadcast/is);
        const wrongSize = session.run({ a: floats(1, 2), b: floats(3, 4) }, { sum: zeros('float32', [3]) });
        await expect(wrongSize).rejects.toThrow(/run: .*(shape|expected the model to give float32\[3\])/is);
        const { sum } = await session.run({ a: floats(1, 2), b: floats(3, 4) });
        expect(numbers(sum!.data)).toEqual([4, 6]);
      }));

    test('refuses what is no model', async () => {
      await expect(open(new TextEncoder().encode('no model'))).rejects.toThrow(
        /createSession: ONNX Runtime: /,
      );
      await expect(open(new Uint8Array(0))).rejects.toThrow(/createSession: /);
      await expect(open('there-is-no-such-file.onnx')).rejects.toThrow(
        /there-is-no-such-file\.onnx: ONNX Runtime: /,
      );
    });

    const pair = { dtype: 'float32', shape: [2] } as const;
    const weighted = tinyModel(
      [{ name: 'a', ...pair }],
      [{ name: 'sum', ...pair }],
      [{ op: 'Add', inputs: ['a', 'w'], outputs: ['sum'] }],
      [{ name: 'w', ...pair, location: 'weights.bin', offset: 4, length: 8 }],
    );
    if (externalData)
      test('reads external data from the folder that it is told', async () => {
        const { mkdtempSync, realpathSync, rmSync, writeFileSync } = await import('node:fs');
        const { join } = await import('node:path');
        const folder = realpathSync(mkdtempSync(join((await import('node:os')).tmpdir(), 'rag-exam-')));
        try {
          writeFileSync(join(folder, 'weights.bin'), new Uint8Array(Float32Array.of(7, 10, 20).buffer));
          const session = await open(weighted, { externalDataFolder: folder });
          const { sum } = await session.run({ a: floats(1, 2) });
          expect(numbers(sum!.data)).toEqual([11, 22]);
          session.dispose();
          await expect(open(weighted, { externalDataFolder: join(folder, 'elsewhere') })).rejects.toThrow(
            /ONNX Runtime/,
          );
          const path = join(folder, 'model.onnx');
          writeFileSync(path, weighted);
          const fromPath = await open(path);
          expect(numbers((await fromPath.run({ a: floats(1, 2) })).sum!.data)).toEqual([11, 22]);
          fromPath.dispose();
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    else
      test('refuses a folder of external data', () =>
        expect(open(weighted, { externalDataFolder: '.' })).rejects.toThrow(
          'expected weights within the model',
        ));

    test('takes every option', async () => {
      for (const graphOptimizationLevel of ['disabled', 'basic', 'extended', 'layout', 'all'] as const) {
        const session = await open(matmul, {
          graphOptimizationLevel,
          intraOpNumThreads: threads,
          enableMemPattern: graphOptimizationLevel === 'basic',
          enableCpuMemArena: graphOptimizationLevel === 'basic',
          config: { 'session.disable_prepacking': '1' },
        });
        const { y } = await session.run({ x: matrix([1, 3], [1, 1, 1]), w: weight });
        expect(numbers(y!.data)).toEqual([9, 12]);
        session.dispose();
      }
      await expect(open(matmul, { intraOpNumThreads: 0 })).rejects.toThrow(
        'expected a whole number ≥ 1, got 0',
      );
      await expect(open(matmul, { logSeverityLevel: 7 as 0 })).rejects.toThrow('expected 0 to 4, got 7');
      const level = 'most' as 'all';
      await expect(open(matmul, { graphOptimizationLevel: level })).rejects.toThrow(
        'got "most" — use one of these',
      );
    });

    test('runs two at once', () =>
      using(matmul, async (session) => {
        const count = 2000;
        const [ones, twos] = [1, 2].map(
          (value) => new Tensor('float32', [count, 3], new Float32Array(count * 3).fill(value)),
        );
        const [first, second] = await Promise.all([
          session.run({ x: ones!, w: weight }),
          session.run({ x: twos!, w: weight }),
        ]);
        expect(new Set(first.y!.data as Float32Array)).toEqual(new Set([9, 12]));
        expect(new Set(second.y!.data as Float32Array)).toEqual(new Set([18, 24]));
      }));

    test('is disposed once, and not used afterwards', async () => {
      const session = await open(matmul);
      const x = matrix([1, 3], [1, 1, 1]);
      const under = session.run({ x, w: weight });
      session.dispose();
      session.dispose();
      expect(numbers((await under).y!.data)).toEqual([9, 12]);
      session.dispose();
      await expect(session.run({ x, w: weight })).rejects.toThrow(
        'run: expected a live session, got one that was disposed',
      );
    });

    memoryExam(driver, provider, open);

    const times = globalThis.process?.env.RAG_LONG ? 10_000 : 300;
    // A page cannot ask for its resident memory.
    test.runIf(globalThis.process?.memoryUsage)(`${times} runs leave no memory behind`, () =>
      using(addAndNegate, async (session) => {
        const elements = 128 * 1024;
        const ones = new Float32Array(elements).fill(1);
        const sum = zeros('float32', [elements]);
        const runOnce = async (): Promise<void> => {
          const feeds = { a: new Tensor('float32', [elements], ones), b: floats(1) };
          await session.run(feeds);
          await session.run(feeds, { sum });
        };
        const resident = (): number => {
          globalThis.gc?.();
          return process.memoryUsage().rss;
        };
        for (let i = 0; i < 100; i++) await runOnce();
        const before = resident();
        for (let i = 0; i < times; i++) await runOnce();
        // One kept output per run would be 0.5 MB × runs: 150 MB at 300. The collector's own play stays well below 100 MB.
        expect((resident() - before) / 2 ** 20).toBeLessThan(100);
        expect((sum.data as Float32Array)[elements - 1]).toBe(2);
      }),
    );
  });
}
