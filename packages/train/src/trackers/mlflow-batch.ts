import type { FlatValue } from './flat-config.js';
import type { Histogram, TrackedEntry } from './tracker.js';

/** As `runs/log-batch` has it; times in milliseconds. NaN and infinities are text, as protobuf's JSON spells them. */
export interface MlflowMetric {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

/** A parameter or a tag. */
export interface MlflowPair {
  readonly key: string;
  readonly value: string;
}

/** What one entry is for MLflow. */
export interface MlflowItems {
  readonly metrics: readonly MlflowMetric[];
  readonly tags: readonly MlflowPair[];
}

/** Longest name, and longest values of parameters and tags, in characters (mlflow/utils/validation.py). */
const limits = { key: 250, param: 6_000, tag: 5_000 } as const;

/**
 * A name that MLflow takes: letters and digits of any script, `_ - . : /` and blanks. `@`, as in `ndcg@10`, becomes `_at_`, all
 * else `_`.
 */
export function mlflowKey(name: string): string {
  const plain = name.replaceAll('@', '_at_').replaceAll(/[^\p{L}\p{N}_\-. :/]/gu, '_');
  // A key is a path in some stores: none may be absolute, climb, or have empty parts.
  const safe = plain
    .split('/')
    .map((part) => (part === '' || /^\.+$/.test(part) ? `_${part}` : part))
    .join('/');
  return [...safe].slice(0, limits.key).join('') || '_';
}

const jsonNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** A text that is longer than MLflow takes ends with how long it was. */
function fit(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const end = `… (${characters.length} characters)`;
  return characters.slice(0, length - end.length).join('') + end;
}

export const mlflowTag = (name: string, value: string): MlflowPair => ({
  key: mlflowKey(name),
  value: fit(value, limits.tag),
});

export const mlflowParams = (settings: ReadonlyMap<string, FlatValue>): MlflowPair[] =>
  [...settings].map(([name, value]) => ({ key: mlflowKey(name), value: fit(String(value), limits.param) }));

/** Values are metrics; a distribution is its mean and its bounds; texts and references are tags, the last of a name. */
export function mlflowItems(entry: TrackedEntry): MlflowItems {
  const { step, time } = entry;
  const metrics = (values: Readonly<Record<string, number>>): MlflowMetric[] =>
    Object.entries(values).map(([name, value]) => ({
      key: mlflowKey(name),
      value: jsonNumber(value),
      timestamp: Math.floor(time),
      step,
    }));
  switch (entry.kind) {
    case 'scalars':
      return { metrics: metrics(entry.values), tags: [] };
    case 'histogram':
      return { metrics: metrics(outlineOf(entry.name, entry.histogram)), tags: [] };
    case 'text':
      return { metrics: [], tags: [mlflowTag(`text/${entry.name}`, entry.text)] };
    case 'artifact':
      return { metrics: [], tags: [mlflowTag(`artifact/${entry.name}`, `${entry.type}: ${entry.uri}`)] };
  }
}

function outlineOf(name: string, { edges, counts, sum }: Histogram): Readonly<Record<string, number>> {
  const count = counts.reduce((total, each) => total + each, 0);
  return {
    [`${name}/mean`]: sum / count,
    [`${name}/min`]: edges[0] ?? Number.NaN,
    [`${name}/max`]: edges.at(-1) ?? Number.NaN,
  };
}
