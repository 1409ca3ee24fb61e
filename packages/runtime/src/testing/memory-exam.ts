import { expect, test } from 'vitest';
import { OutOfMemoryError } from '../out-of-memory.js';
import type { Driver, Provider, Session, SessionOptions } from '../session.js';
import { Tensor } from '../tensor.js';
import { tinyModel } from './tiny-model.js';

/** x[1] at any length → y, or its first element → y where `inner`: then only ONNX Runtime itself holds what is large. */
export const expanding = (inner: boolean): Uint8Array =>
  tinyModel(
    [
      { name: 'x', dtype: 'float32', shape: [1] },
      { name: 'shape', dtype: 'int64', shape: [1] },
      { name: 'first', dtype: 'int64', shape: [1] },
    ],
    [{ name: 'y', dtype: 'float32', shape: ['n'] }],
    [
      { op: 'Expand', inputs: ['x', 'shape'], outputs: ['long'] },
      inner
        ? { op: 'Gather', inputs: ['long', 'first'], outputs: ['y'] }
        : { op: 'Identity', inputs: ['long'], outputs: ['y'] },
    ],
  );

/** What `expanding` is fed. */
export const lengthOf = (elements: bigint): Record<string, Tensor> => ({
  x: new Tensor('float32', [1], Float32Array.of(2)),
  shape: new Tensor('int64', [1], BigInt64Array.of(elements)),
  first: new Tensor('int64', [1], BigInt64Array.of(0n)),
});

/**
 * Numbers of float32 elements that no machine can hold, so that nothing is ever committed: beyond the address space, beyond what the provider's
 * integers hold, or all of WebAssembly's 4 GiB but what its stack takes.
 */
const tooMany: Readonly<Record<Provider, readonly bigint[]>> = {
  cpu: [2n ** 46n, 2n ** 50n],
  cuda: [2n ** 46n, 2n ** 50n],
  webgpu: [2n ** 40n],
  wasm: [2n ** 40n, 2n ** 30n, 1_073_700_000n],
};

type Open = (model: Uint8Array, options?: Partial<SessionOptions>) => Promise<Session>;

/** The tests of memory that cannot be had, which every driver passes: registers them with vitest. */
export function memoryExam(driver: Driver, provider: Provider, open: Open): void {
  const small = async (session: Session) => {
    const { y } = await session.run(lengthOf(3n));
    return Array.from((y!.data as Float32Array).subarray(0, 1));
  };

  for (const inner of [false, true])
    for (const enableCpuMemArena of provider === 'cpu' ? [true, false] : [true])
      test(`says where memory ends: ${inner ? 'within a run' : 'an output'}${enableCpuMemArena ? '' : ', no arena'}`, async () => {
        const neighbour = await open(expanding(inner));
        for (const elements of tooMany[provider]) {
          const session = await open(expanding(inner), { enableCpuMemArena });
          const error = await session.run(lengthOf(elements)).catch((caught: unknown) => caught);
          expect(error).toBeInstanceOf(OutOfMemoryError);
          const { message, bytes, where } = error as OutOfMemoryError;
          expect(error).toMatchObject({ provider, where: 'run' });
          expect(message).toMatch(`of provider '${provider}', got none (ONNX Runtime: `);
          expect(message).toMatch(/ — give fewer or shorter texts at a time/);
          expect(where).toBe('run');
          if (provider === 'cpu' && enableCpuMemArena) expect(bytes).toBe(4 * Number(elements));
          // With Asyncify what is thrown through a session locks it, and the next run would never end.
          if (driver === 'web' && provider === 'webgpu')
            await expect(small(session)).rejects.toThrow('expected a session that can run on');
          else expect(await small(session)).toEqual([2]);
          expect(await small(neighbour)).toEqual([2]);
          session.dispose();
        }
        neighbour.dispose();
      });
}
