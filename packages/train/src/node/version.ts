import { createRequire } from 'node:module';

/** This package's version, as its package.json says. */
export const version: string = createRequire(import.meta.url)('@rag/train/package.json').version;
