import { SessionError } from '../error.js';
import type { Platform } from './platform.js';

/** A page, or a worker of one: one thread of our own, since only cross-origin isolated pages can share memory. */
export const platform: Platform = {
  drivers: {
    web: async () => (await import('../drivers/web.js')).openWeb,
  },
  loadWasm: () => import('onnxruntime-web/wasm'),
  devices: {
    webgpu: async () => (await import('../drivers/web.js')).openWebDevice,
  },
  async bestProvider() {
    return (await (await import('../drivers/web.js')).hasWebGpu()) ? 'webgpu' : 'wasm';
  },
  async requireCuda() {
    throw new SessionError("provider 'cuda'", "expected Node, got a page — use provider 'webgpu' or 'wasm'");
  },
  turn: () =>
    new Promise((resolve) => {
      // Timers are held back to 4 ms when they nest; messages are not.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }),
};
