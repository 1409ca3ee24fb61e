import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { sessionExam } from '../testing/exam.js';
import { webgpuEnvironment, webgpuLog } from '../testing/node-webgpu.js';
import { tinyModel } from '../testing/tiny-model.js';
import { trainingExam } from '../testing/training-exam.js';

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
} else {
  describe('provider webgpu in Node', () => {
    test.skip(`no adapter: ${found.reason}`, () => {});
  });
}
