import { startHost } from './host.js';
import type { LabelledPair, ModelInfo, Row, TuneData, TuneProgress } from './protocol.js';
// A file of its own in the built page, of which only the address is wanted here.
import workerAddress from './worker.ts?worker&url';

/** All that the page knows; models and training are the worker's. */
export const state = {
  model: undefined as ModelInfo | undefined,
  rows: [] as readonly Row[],
  /** What the visitor marked, by `keyOf`. */
  labels: new Map<string, LabelledPair>(),
  query: '',
  /** The worker is at something; at the start it looks for what an earlier visit left. */
  busy: true,
  /** Whether the model is a demo of fresh weights. */
  fresh: false,
};

const listeners = {
  tuning: (_: TuneProgress): void => {},
  loading: (_file: string, _share: number | undefined): void => {},
};

/** Tells the page what the worker is at. */
export const listen = (to: Partial<typeof listeners>): void => void Object.assign(listeners, to);

export const keyOf = (query: string, content: string): string => JSON.stringify([query, content]);

let started: ReturnType<typeof startHost> | undefined;

/** The worker, started when it is first asked: after the page's policy is in force. */
export function host(): ReturnType<typeof startHost> {
  started ??= startHost(workerAddress, {
    tuning: (progress) => listeners.tuning(progress),
    loading: (file, share) => listeners.loading(file, share),
  });
  return started;
}

const HELD_OUT_EVERY = 5;
const MOST_HELD_OUT = 40;

/** Queries that only measure: every fifth of those that have passages of both kinds and that nobody marked. */
function heldOutRows(): Row[] {
  const marked = new Set([...state.labels.values()].map(({ query }) => query));
  return state.rows
    .filter((row, i) => i % HELD_OUT_EVERY === 0 && isJudged(row) && !marked.has(row.query))
    .slice(0, MOST_HELD_OUT);
}

const isJudged = ({ labels }: Row): boolean =>
  labels.some((label) => label > 0) && labels.some((label) => label <= 0);

/** What trains: the visitor's marks, and the rows that are not held out if asked for; a mark wins over the file. */
export function trainingData(useRows: boolean): TuneData {
  const heldOut = heldOutRows();
  const held = new Set(heldOut.map(({ query }) => query));
  const pairs = new Map<string, LabelledPair>();
  if (useRows)
    for (const { query, passages, labels } of state.rows)
      if (!held.has(query))
        for (const [i, content] of passages.entries())
          pairs.set(keyOf(query, content), { query, content, label: labels[i]! > 0 ? 1 : 0 });
  for (const [key, pair] of state.labels) pairs.set(key, pair);
  return { pairs: [...pairs.values()], marks: [...state.labels.values()], heldOut };
}
