import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** With these a page may use threads (https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated). */
const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: here('../output/browser-public'),
  resolve: { conditions: ['@rag/source', 'browser', 'module', 'development|production'] },
  // It finds its WebAssembly beside itself.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
  build: { outDir: here('../output/browser'), emptyOutDir: true, target: 'es2022' },
});
