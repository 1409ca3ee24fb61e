import { expect, test } from 'vitest';
import { type OpenOptions, sessionOptions } from './open-options.js';
import { createSession } from './session.js';

test("a session's options: cpu unless another provider is asked for", () => {
  expect(sessionOptions({})).toEqual({ provider: 'cpu', enableMemPattern: false });
  const cuda = { deviceId: 1, memoryLimit: 2 ** 30, arenaExtendStrategy: 'kSameAsRequested', useTf32: false };
  expect(sessionOptions({ provider: 'cuda', driver: 'ffi', threads: 2, cuda } as OpenOptions)).toEqual({
    provider: 'cuda',
    driver: 'ffi',
    intraOpNumThreads: 2,
    cuda,
  });
});

test('a recorded graph is refused: batches vary', () => {
  const cuda = { cudaGraph: true } as OpenOptions['cuda'] & object;
  expect(() => sessionOptions({ provider: 'cuda', cuda })).toThrow(
    'cuda.cudaGraph: expected no such option of a model',
  );
});

test.each(['cpu', 'wasm', 'webgpu'] as const)('options of cuda are refused with %s', async (provider) => {
  await expect(
    createSession(new Uint8Array(), sessionOptions({ provider, cuda: { deviceId: 1 } })),
  ).rejects.toThrow(`createSession: cuda: expected provider 'cuda' with these options, got '${provider}'`);
});
