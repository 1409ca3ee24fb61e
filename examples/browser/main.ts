import { takeDrops } from './drop-zones.js';
import { byId, language, say, showTexts, switchLanguage } from './elements.js';
import { filesOfInput } from './picked-files.js';
import { applyPolicy, isAllowed, originsOf } from './policy.js';
import type { Found, ModelSource, PageProvider, SavedSummary } from './protocol.js';
import { showResults } from './results-list.js';
import { host, keyOf, listen, state } from './state.js';
import { showTuning, startTunePanel, tune } from './tune-panel.js';

applyPolicy();

/** The address that was typed before the page was opened anew with it allowed. */
const PENDING = 'rag-pending-url';
const DEMOS = ['reranker', 'embedding', 'colbert'];
let found: readonly Found[] = [];
let saved: SavedSummary | undefined;

const provider = (): PageProvider =>
  document.querySelector<HTMLInputElement>('input[name=provider]:checked')!.value as PageProvider;

let last: Promise<void> = Promise.resolve();

/** Runs work of the worker's, one after the other; what goes wrong is said at the top. */
function run(work: () => Promise<void>): Promise<void> {
  last = last.then(() => perform(work));
  return last;
}

async function perform(work: () => Promise<void>): Promise<void> {
  const focused = document.activeElement;
  state.busy = true;
  byId('failure').hidden = true;
  byId('failure').textContent = '';
  showAll();
  try {
    await work();
  } catch (error) {
    showFailure(error);
  } finally {
    state.busy = false;
    showAll();
    // A button that is disabled meanwhile loses the keyboard.
    if (document.activeElement === document.body && focused instanceof HTMLElement) focused.focus();
  }
}

function showFailure(error: unknown): void {
  const failure = byId('failure');
  failure.textContent = say('failed', error instanceof Error ? error.message : error);
  failure.hidden = false;
  failure.scrollIntoView({ block: 'nearest' });
}

function showAll(): void {
  const { model, rows, busy } = state;
  document.querySelector('main')!.setAttribute('aria-busy', String(busy));
  byId('model-state').textContent = model
    ? say(
        'opened',
        model.name,
        { reranker: 'CrossEncoder', embedding: 'Embedding', colbert: 'ColBERT' }[model.task],
        model.modelType,
        model.parameters.toLocaleString(language),
        model.provider,
      ) + (model.updates > 0 ? say('trainedFor', model.updates) : state.fresh ? say('fresh') : '')
    : say('noModel');
  const passages = new Set(rows.flatMap((row) => row.passages)).size;
  byId('rows-state').textContent = rows.length > 0 ? say('rowsRead', rows.length, passages) : say('noRows');
  byId<HTMLButtonElement>('search').disabled = busy || !model || rows.length === 0;
  for (const id of ['go-on', 'open-saved', 'forget', ...DEMOS.map((name) => `demo-${name}`), 'demo-rows'])
    byId<HTMLButtonElement>(id).disabled = busy;
  const isServed = saved !== undefined && model?.name === saved.name && model.updates === saved.update;
  byId('saved').hidden = saved === undefined || (isServed && saved.update >= saved.updates);
  if (saved) {
    const { name, update, updates, savedAt } = saved;
    byId('saved-title').textContent = say(update < updates ? 'savedTitle' : 'savedDone');
    byId('saved-text').textContent = say(
      'savedText',
      name,
      update,
      updates,
      new Date(savedAt).toLocaleString(language),
    );
    byId('go-on').hidden = update >= updates;
  }
  showTuning();
}

function showFound(): void {
  byId('results-state').textContent = found.length > 0 ? say('results', found.length) : '';
  const { query } = state;
  showResults({
    found,
    labelOf: (passage) => state.labels.get(keyOf(query, passage))?.label,
    label(content, label) {
      if (label === undefined) state.labels.delete(keyOf(query, content));
      else state.labels.set(keyOf(query, content), { query, content, label });
      showTuning();
    },
    ...(state.model?.task === 'colbert' && {
      matches: (passage: string) => host().matches(query, passage),
    }),
  });
}

async function search(): Promise<void> {
  state.query = byId<HTMLInputElement>('query').value.trim();
  found = await host().search(state.query);
  showFound();
}

const openModel = (source: ModelSource, isFresh = async () => false): Promise<void> =>
  run(async () => {
    state.model = await host().open(source, provider());
    state.fresh = await isFresh();
    // Fresh models of a few parameters take larger steps than pretrained ones.
    byId<HTMLInputElement>('rate').value = state.model.parameters < 5e6 ? '0.0005' : '0.00002';
    found = [];
    showFound();
  });

const openDemo = (name: string): Promise<void> =>
  openModel({ name: `demo-${name}`, url: new URL(`demo/${name}/`, location.href).href }, async () => {
    const answer = await fetch('demo/fresh.json');
    return answer.ok && ((await answer.json()) as string[]).includes(name);
  });

async function openUrl(text: string): Promise<void> {
  // As in Node: a bare "org/name" is a model of the hub.
  const isName = /^[\w-][\w.-]*\/[\w.-]+$/.test(text);
  const url = isName ? `https://huggingface.co/${text}/resolve/main/` : text;
  if (!isAllowed(originsOf(url))) {
    sessionStorage.setItem(PENDING, text);
    location.reload();
    return;
  }
  await openModel({ name: text, url: new URL(url, location.href).href });
}

async function readRows(file: Blob, name: string): Promise<void> {
  state.rows = await host().readRows(file, name);
  showQueries();
}

function showQueries(): void {
  byId('queries').replaceChildren(...state.rows.map(({ query }) => new Option(query)));
  const field = byId<HTMLInputElement>('query');
  if (field.value === '') field.value = state.rows[0]?.query ?? '';
}

const tuning = {
  run,
  async onTuned({ update, updates }: { update: number; updates: number }) {
    state.model = { ...state.model!, updates: update };
    saved = await host().saved();
    if (update === updates) byId('tune-progress').append(` ${say('done')}`);
    if (state.query !== '' && state.rows.length > 0) await search();
  },
};

async function openSaved(): Promise<void> {
  const { model, rows, marks } = await host().openSaved(provider());
  state.model = model;
  state.rows = rows;
  state.labels = new Map(marks.map((pair) => [keyOf(pair.query, pair.content), pair]));
  showQueries();
}

function connect(): void {
  byId('language').addEventListener('click', () => {
    switchLanguage();
    showAll();
    showFound();
  });
  byId<HTMLInputElement>('folder').addEventListener('change', (event) => {
    const input = event.target as HTMLInputElement;
    if (input.files?.length) void openModel(filesOfInput(input.files));
    input.value = '';
  });
  takeDrops({
    model: (files) => void openModel(files),
    rows: (file, name) => void run(() => readRows(file, name)),
    failed: showFailure,
  });
  byId('by-url').addEventListener('submit', (event) => {
    event.preventDefault();
    void openUrl(byId<HTMLInputElement>('url').value.trim());
  });
  for (const name of DEMOS) byId(`demo-${name}`).addEventListener('click', () => openDemo(name));
  byId<HTMLInputElement>('rows').addEventListener('change', ({ target }) => {
    const file = (target as HTMLInputElement).files?.[0];
    if (file) void run(() => readRows(file, file.name));
  });
  byId('demo-rows').addEventListener(
    'click',
    () =>
      void run(async () => {
        const answer = await fetch('demo/rows.jsonl');
        if (!answer.ok) throw new Error(`demo/rows.jsonl: expected it, got HTTP ${answer.status}`);
        await readRows(await answer.blob(), 'demo/rows.jsonl');
      }),
  );
  byId('by-query').addEventListener('submit', (event) => {
    event.preventDefault();
    void run(search);
  });
  byId('open-saved').addEventListener('click', () => void run(openSaved));
  byId('go-on').addEventListener('click', async () => {
    await run(openSaved);
    if (byId('failure').hidden) await tune(tuning, true);
  });
  byId('forget').addEventListener(
    'click',
    () =>
      void run(async () => {
        await host().forget();
        saved = undefined;
      }),
  );
  startTunePanel(tuning);
  listen({
    loading(file, share) {
      const percent = share === undefined ? '' : `${Math.floor(share * 100)} %`;
      byId('model-state').textContent = say('loading', file, percent);
    },
  });
}

async function offerWebGpu(): Promise<void> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  const adapter = await gpu?.requestAdapter();
  document.querySelector<HTMLInputElement>('input[value=webgpu]')!.disabled = !adapter;
  byId('no-webgpu').hidden = Boolean(adapter);
}

showTexts();
connect();
showAll();
void offerWebGpu();
await run(async () => {
  saved = await host().saved();
});
const pending = sessionStorage.getItem(PENDING);
if (pending !== null) {
  sessionStorage.removeItem(PENDING);
  byId<HTMLInputElement>('url').value = pending;
  await openUrl(pending);
}
