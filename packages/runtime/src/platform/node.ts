import { Worker } from 'node:worker_threads';
import { SessionError } from '../error.js';
import type { Platform } from './platform.js';

export const platform: Platform = {
  drivers: {
    node: async () => (await import('../drivers/node.js')).openNode,
    ffi: async () => (await import('../drivers/ffi/session.js')).openFfi,
    web: async () => (await import('../drivers/web.js')).openWeb,
  },
  // Its root is a build of its own in Node, which can start threads there.
  loadWasm: () => import('onnxruntime-web'),
  devices: {
    webgpu: async () => (await import('../drivers/node.js')).openNodeDevice,
    cuda: async () => (await import('../drivers/ffi/device.js')).openFfiDevice,
  },
  async bestProvider() {
    const { requireCudaProvider } = await import('../drivers/ffi/library.js');
    try {
      requireCudaProvider();
      return 'cuda';
    } catch (error) {
      if (error instanceof SessionError) return 'cpu';
      throw error;
    }
  },
  async requireCuda() {
    const { requireCudaProvider } = await import('../drivers/ffi/library.js');
    requireCudaProvider();
  },
  startThread(source, workerData) {
    const script = `const { workerData } = require('node:worker_threads');\n${source}`;
    const worker = new Worker(script, { eval: true, workerData, execArgv: [] });
    // A process need not wait for threads that wait for work.
    worker.unref();
    return { terminate: () => void worker.terminate() };
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
