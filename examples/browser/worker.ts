/// <reference lib="webworker" />

import type { Answer, CallName, Calls, Request, Row } from './protocol.js';
import { readRows } from './read-rows.js';
import { forgetRun, loadRun, saveRun } from './saved-run.js';
import { type SearchIndex, searchIndex } from './search-index.js';
import { openServed, type ServedModel, serveTuned } from './served-model.js';
import { newRun, summaryOf, type TuningRun, trainRun } from './tuning-run.js';
import { zipFiles } from './zip-files.js';

type Handlers = {
  [Name in CallName]: (
    ...args: Parameters<Calls[Name]>
  ) => ReturnType<Calls[Name]> | Promise<ReturnType<Calls[Name]>>;
};

const page = globalThis as unknown as DedicatedWorkerGlobalScope;
const tell = (answer: Answer) => page.postMessage(answer);

let model: ServedModel | undefined;
let rows: readonly Row[] = [];
let index: SearchIndex | undefined;
let stopping = false;

const served = (): ServedModel => {
  if (!model) throw new Error('model: expected an open model, got none — open one first');
  return model;
};

/** Trains to the end or until stopped, saved as it goes, and serves what came out. */
async function tune(run: TuningRun) {
  stopping = false;
  const before = served();
  for await (const saved of trainRun(run, {
    provider: before.provider,
    tokenizer: before.tokenizer,
    onProgress: (progress) => tell({ event: 'tuning', progress }),
    isStopped: () => stopping,
  }))
    await saveRun(saved);
  model = await serveTuned(run, before.provider);
  before.dispose();
  index = undefined;
  return summaryOf(run);
}

const handlers: Handlers = {
  async open(source, provider) {
    const opened = await openServed(source, provider, (file, share) =>
      tell({ event: 'loading', file, share }),
    );
    model?.dispose();
    model = opened;
    index = undefined;
    return opened.info;
  },
  async readRows(file, name) {
    rows = await readRows(file, name);
    index = undefined;
    return [...rows];
  },
  async search(query) {
    index ??= await searchIndex(served(), rows);
    return index.search(query);
  },
  matches: (query, passage) => served().matches(query, passage),
  async tune(data, settings) {
    const { parts, tokenizer, info } = served();
    return tune(newRun(await parts(), tokenizer, info.name, rows, data, settings));
  },
  stop() {
    stopping = true;
  },
  async saved() {
    const run = await loadRun();
    return run && { ...summaryOf(run), name: run.name, savedAt: run.savedAt };
  },
  async openSaved(provider) {
    const run = await expectRun();
    model?.dispose();
    model = await serveTuned(run, provider);
    rows = run.rows;
    index = undefined;
    return { model: model.info, rows: [...rows], marks: [...run.marks] };
  },
  async tuneOn() {
    return tune(await expectRun());
  },
  forget: () => forgetRun(),
  async download() {
    return zipFiles(await served().files());
  },
};

async function expectRun(): Promise<TuningRun> {
  const run = await loadRun();
  if (!run) throw new Error('saved run: expected one, got none — it was removed: start again');
  return run;
}

page.addEventListener('message', async ({ data }: MessageEvent<Request>) => {
  const { id, call, args } = data;
  try {
    const handler = handlers[call] as (...all: readonly unknown[]) => unknown;
    tell({ id, result: await handler(...args) });
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
