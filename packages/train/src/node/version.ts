import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Of what a run runs on; ONNX Runtime's as @rag/runtime finds it. */
export const platformVersions = (): Record<string, string> => ({
  node: process.versions.node,
  onnxruntime: createRequire(require.resolve('@rag/runtime/package.json'))('onnxruntime-node/package.json')
    .version,
});

/** This package's version, as its package.json says. */
export const version: string = require('@rag/train/package.json').version;
