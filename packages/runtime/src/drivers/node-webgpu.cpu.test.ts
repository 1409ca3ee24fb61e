import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSession } from '../session.js';
import { Tensor } from '../tensor.js';
import { sessionExam } from '../testing/exam.js';
import { webgpuEnvironment, webgpuLog } from '../testing/node-webgpu.js';
import { tinyModel } from '../testing/tiny-model.js';
import { batchOf, plan, trainingExam } from '../testing/training-exam.js';
import { TrainingSession } from '../training/session.js';

const value = { dtype: 'float32', shape: [2] } as const;
const folder = mkdtempSync(join(tmpdir(), 'rag-webgpu-'));
const path = join(folder, 'negate.onnx');
writeFileSync(
  path,
  tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'b', ...value }],
    [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
  ),
);
const found = webgpuLog([path]);
rmSync(folder, { recursive: true });

if ('log' in found) {
  process.env.VK_ICD_FILENAMES ??= webgpuEnvironment().VK_ICD_FILENAMES;
  sessionExam('node', { provider: 'webgpu', threads: 1, refusedDtypes: ['bfloat16'] });
  trainingExam({ provider: 'webgpu' }, 1e-4);
  // The software adapter has none of the optional features.
  test.runIf(process.env.VK_ICD_FILENAMES?.includes('swiftshader'))(
    'refuses float16 without shader-f16',
    async () => {
      const half = { dtype: 'float16', shape: [2] } as const;
      const negate = tinyModel(
        [{ name: 'a', ...half }],
        [{ name: 'b', ...half }],
        [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
      );
      const session = await createSession(negate, { provider: 'webgpu', logSeverityLevel: 4 });
      const a = new Tensor('float16', [2], new Uint16Array(2));
      await expect(session.run({ a })).rejects.toThrow(
        "run: expected a GPU with shader-f16 for a model in float16 on provider 'webgpu', got one without",
      );
      session.dispose();
      const fp16 = { provider: 'webgpu', precision: 'fp16' } as const;
      const training = await TrainingSession.create(plan(), fp16);
      await expect(training.trainStep(batchOf(4, 0), { learningRate: 1e-3 })).rejects.toThrow(
        'expected a GPU with shader-f16',
      );
      training.dispose();
    },
  );
} else {
  describe('provider webgpu in Node', () => {
    test.skip(`no adapter: ${found.reason}`, () => {});
  });
}
