import { type Clock, systemClock } from '../distill/clock.js';
import { basic, type Environment, secretIn } from './credentials.js';
import { isObject, jsonServer } from './json-server.js';
import type { Outcome, TrackedRun, TrackerDriver } from './tracker.js';
import { exitCodes } from './wandb-records.js';
import {
  consoleLine,
  gatherRows,
  type HistoryRow,
  rowValues,
  summaryOf,
  wandbConfig,
  wandbJson,
} from './wandb-rows.js';

export interface WandbOnlineOptions {
  /** Read for WANDB_API_KEY, WANDB_BASE_URL and WANDB_ENTITY. */
  readonly environment: Environment;
  /** @default WANDB_ENTITY, else the key's own */
  readonly entity?: string;
  readonly clock?: Clock;
}

const upsertBucket = `mutation UpsertBucket($name: String!, $project: String, $entity: String, $displayName: String, $config: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, displayName: $displayName, config: $config}) {
    bucket { id name project { name entity { name } } }
    inserted
  }
}`;

const resumeStatus = `query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) {
    bucket(name: $name, missingOk: true) { historyLineCount logLineCount historyTail summaryMetrics }
  }
}`;

/**
 * A run of Weights & Biases by its service: GraphQL for the run, `file_stream` for its history, summary and console, whose lines
 * have numbers, so that a request that is repeated writes nothing twice. Of a run that resumes, steps that the service has are
 * not sent again.
 * @throws Error without a key, or for one that no header can carry
 */
export function wandbOnlineTracker({
  environment,
  entity = environment.WANDB_ENTITY,
  clock = systemClock,
}: WandbOnlineOptions): TrackerDriver {
  const key = secretIn(environment, 'WANDB_API_KEY');
  if (key === undefined)
    throw new Error(
      'wandb: expected an API key in WANDB_API_KEY, got none — set it, or track offline and run wandb sync later',
    );
  const url = environment.WANDB_BASE_URL || 'https://api.wandb.ai';
  const server = jsonServer({ url, credentials: basic('api', key), clock });
  let stream = '';
  let began = 0;
  const next = { history: 0, log: 0 };
  let heldStep = Number.NEGATIVE_INFINITY;
  let pending: HistoryRow | undefined;
  let summary: Readonly<Record<string, unknown>> = {};

  const query = async (text: string, variables: object, signal: AbortSignal): Promise<Fields> => {
    const { data, errors } = await server.ask('graphql', { query: text, variables }, signal);
    if (isObject(data) && !(Array.isArray(errors) && errors.length > 0)) return data;
    const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
    const said = isObject(first) && typeof first.message === 'string' ? first.message : 'no data';
    throw new Error(
      `${server.name}/graphql: expected data, got ${basic('api', key).hide(said).slice(0, 200)} — are project and entity right?`,
    );
  };
  const lookUp = async (run: TrackedRun, signal: AbortSignal): Promise<void> => {
    const variables = { name: run.id, project: run.project, entity };
    const { model } = await query(resumeStatus, variables, signal);
    const bucket = isObject(model) && isObject(model.bucket) ? model.bucket : undefined;
    if (bucket === undefined) return;
    next.history = Number(bucket.historyLineCount ?? 0);
    next.log = Number(bucket.logLineCount ?? 0);
    summary = parsed(bucket.summaryMetrics);
    const lines = parsedList(bucket.historyTail);
    const step = parsed(lines.at(-1))._step;
    if (typeof step === 'number') heldStep = step;
  };
  const send = (rows: readonly HistoryRow[], lines: readonly string[], nextSummary: object | undefined) => ({
    files: {
      ...(rows.length > 0 && {
        'wandb-history.jsonl': {
          offset: next.history,
          content: rows.map((row) => wandbJson(rowValues(row, began))),
        },
      }),
      ...(lines.length > 0 && { 'output.log': { offset: next.log, content: lines } }),
      ...(nextSummary !== undefined && {
        'wandb-summary.json': { offset: 0, content: [wandbJson(nextSummary)] },
      }),
    },
  });
  const isNew = ({ step }: HistoryRow): boolean => step > heldStep;
  return {
    name: `wandb ${server.name}`,
    gather: 5_000,
    async open(run, signal) {
      began = clock.now();
      await lookUp(run, signal);
      const config = Object.fromEntries(
        [...wandbConfig(run.config)].map(([name, value]) => [name, { value }]),
      );
      const variables = {
        ...{ name: run.id, project: run.project, entity, displayName: run.name },
        config: wandbJson(config),
      };
      const { upsertBucket: made } = await query(upsertBucket, variables, signal);
      stream = streamOf(server.name, made, run);
    },
    async write(entries, signal) {
      const gathered = gatherRows(pending, entries);
      const rows = gathered.complete.filter(isNew);
      const lines = entries.map(consoleLine).filter((line) => line !== undefined);
      const nextSummary = summaryOf(summary, rows, entries, began);
      if (rows.length > 0 || lines.length > 0)
        await server.ask(stream, send(rows, lines, nextSummary), signal);
      next.history += rows.length;
      next.log += lines.length;
      summary = nextSummary;
      pending = gathered.pending;
    },
    async close(outcome: Outcome, signal) {
      const rows = pending === undefined ? [] : [pending].filter(isNew);
      const body = send(rows, [], summaryOf(summary, rows, [], began));
      await server.ask(stream, { ...body, complete: true, exitcode: exitCodes[outcome] }, signal);
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Where the run's lines are sent to. */
function streamOf(server: string, made: unknown, run: TrackedRun): string {
  const bucket = isObject(made) && isObject(made.bucket) ? made.bucket : {};
  const project = isObject(bucket.project) ? bucket.project : {};
  const entity = isObject(project.entity) ? project.entity.name : undefined;
  if (typeof entity !== 'string' || typeof project.name !== 'string')
    throw new Error(
      `${server}/graphql: expected a run with project and entity, got none — is it a server of Weights & Biases?`,
    );
  return `files/${[entity, project.name, run.id].map(encodeURIComponent).join('/')}/file_stream`;
}

/** JSON of the service's, where NaN and infinities are bare words; nothing where it is no object. */
function parsed(text: unknown): Fields {
  const value = parsedJson(text);
  return isObject(value) ? value : {};
}

const parsedList = (text: unknown): unknown[] => {
  const value = parsedJson(text);
  return Array.isArray(value) ? value : [];
};

function parsedJson(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text.replaceAll(/(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, 'null'));
  } catch {
    return undefined;
  }
}
