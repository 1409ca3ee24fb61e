import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Where Debian's Chromium has its software Vulkan, which onnxruntime-node takes for a GPU. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const { resolve } = createRequire(import.meta.url);

/** Opens each model of the arguments with provider `webgpu`; its log goes to standard error, and a line with the path before it. */
const SCRIPT = `
const { InferenceSession } = require(${JSON.stringify(resolve('onnxruntime-node'))});
(async () => {
  for (const path of process.argv.slice(1)) {
    require('node:fs').writeSync(2, '\\nmodel ' + path + '\\n');
    const options = { executionProviders: ['webgpu'], logSeverityLevel: 0, graphOptimizationLevel: 'all' };
    await (await InferenceSession.create(path, options)).release();
  }
})().catch((error) => {
  console.log(error.message);
  process.exit(1);
});
`;

/** The environment in which onnxruntime-node looks for an adapter: the software one where no other is named. */
export const webgpuEnvironment = (): NodeJS.ProcessEnv => ({
  ...(existsSync(SWIFTSHADER) && { VK_ICD_FILENAMES: SWIFTSHADER }),
  ...process.env,
});

/**
 * The log of opening these models with onnxruntime-node's provider `webgpu`, in a process of its own: one without an adapter may abort.
 * The reason instead where they could not be opened.
 */
export function webgpuLog(paths: readonly string[]): { readonly log: string } | { readonly reason: string } {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, ['-e', SCRIPT, ...paths], {
    env: webgpuEnvironment(),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (error) throw error;
  if (status === 0) return { log: stderr };
  return { reason: stdout.trim() || `the process ended by ${signal ?? `code ${status}`}` };
}
