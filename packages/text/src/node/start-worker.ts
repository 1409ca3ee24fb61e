import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { TokenizerTexts } from '../open-tokenizer.js';

/** Starts the thread of `tokenizer-worker.ts`, built or, in this repository, from its source. */
export function startWorker(files: TokenizerTexts): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./tokenizer-worker.js', import.meta.url), { workerData: files });
  // A worker has no loader for TypeScript, whatever its parent runs under.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const entry = new URL('./tokenizer-worker.ts', import.meta.url).href;
  const [from, load] = [JSON.stringify(loader), JSON.stringify(entry)];
  return new Worker(`import(${from}).then(({ tsImport }) => tsImport(${load}, ${load}))`, {
    eval: true,
    workerData: files,
  });
}
