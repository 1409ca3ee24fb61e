import { type Clock, systemClock } from '../distill/clock.js';
import { basic, bearer, type Credentials, type Environment, noCredentials, secretIn } from './credentials.js';
import { flatConfig } from './flat-config.js';
import { isObject, type JsonServer, jsonServer, ServerRefusal } from './json-server.js';
import { type MlflowItems, type MlflowPair, mlflowItems, mlflowParams, mlflowTag } from './mlflow-batch.js';
import type { TrackedEntry, TrackedRun, TrackerDriver } from './tracker.js';

export interface MlflowOptions {
  /** The server's address. @default the variable MLFLOW_TRACKING_URI */
  readonly url?: string;
  /** Read for MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. */
  readonly environment: Environment;
  readonly clock?: Clock;
}

type Answer = Readonly<Record<string, unknown>>;

/** Our own name of a run, which is found by it again. */
const idTag = 'rag.run_id';
const statuses = { finished: 'FINISHED', failed: 'FAILED', interrupted: 'KILLED' } as const;
/** Of one request (mlflow/utils/validation.py). */
const perRequest = { metrics: 1_000, params: 100, tags: 100 } as const;

/**
 * A run on an MLflow server by its REST API 2.0. The project is the experiment. Of a run that resumes, steps that the server has
 * are not sent again.
 * @throws Error without an address, or for secrets that no header can carry
 */
export function mlflowTracker({ url, environment, clock = systemClock }: MlflowOptions): TrackerDriver {
  const address = url ?? environment.MLFLOW_TRACKING_URI;
  if (address === undefined || address === '')
    throw new Error(
      'mlflow: expected the address of a server, got none — set MLFLOW_TRACKING_URI, such as http://127.0.0.1:5000',
    );
  const server = jsonServer({ url: address, credentials: credentialsOf(environment), clock });
  const ask = (route: string, body: object | undefined, signal: AbortSignal): Promise<Answer> =>
    server.ask(`api/2.0/mlflow/${route}`, body, signal);
  let runId = '';
  let latest: ReadonlyMap<string, number> = new Map();
  // A batch that was sent in part goes on where it stopped.
  let current: { readonly entries: readonly TrackedEntry[]; sent: number } | undefined;

  const begin = async (run: TrackedRun, signal: AbortSignal): Promise<ReadonlySet<string>> => {
    const experimentId = await experimentOf(ask, run.project, signal);
    const found = await findRun(ask, experimentId, run.id, signal);
    if (found === undefined) {
      const made = await ask(
        'runs/create',
        {
          experiment_id: experimentId,
          run_name: run.name,
          start_time: Math.floor(clock.now()),
          tags: [{ key: idTag, value: run.id }],
        },
        signal,
      );
      runId = idOf(server, made.run);
      return new Set();
    }
    // Of a first try whose answer was lost, or of the run that is resumed.
    runId = idOf(server, found);
    const data = isObject(found.data) ? found.data : {};
    latest = new Map(pairsOf(data.metrics).map(({ key, step }) => [String(key), Number(step ?? 0)]));
    await ask('runs/update', { run_id: runId, status: 'RUNNING' }, signal);
    return new Set(pairsOf(data.params).map(({ key }) => String(key)));
  };
  return {
    name: `mlflow ${server.name}`,
    gather: 5_000,
    async open(run, signal) {
      const params = mlflowParams(flatConfig(run.config));
      const known = await begin(run, signal);
      const fresh = params.filter(({ key }) => !known.has(key));
      for (const some of inParts(fresh, perRequest.params))
        await ask('runs/log-batch', { run_id: runId, params: some }, signal);
      if (run.resumeFrom !== undefined) {
        const tags = [mlflowTag('rag.resumed_from', String(run.resumeFrom))];
        await ask('runs/log-batch', { run_id: runId, tags }, signal);
      }
    },
    async write(entries, signal) {
      if (current?.entries !== entries) current = { entries, sent: 0 };
      for (const body of requestsOf(entries.map(mlflowItems), latest).slice(current.sent)) {
        await ask('runs/log-batch', { run_id: runId, ...body }, signal);
        current.sent++;
      }
      current = undefined;
    },
    async close(outcome, signal) {
      await ask(
        'runs/update',
        { run_id: runId, status: statuses[outcome], end_time: Math.floor(clock.now()) },
        signal,
      );
    },
  };
}

function credentialsOf(environment: Environment): Credentials {
  const token = secretIn(environment, 'MLFLOW_TRACKING_TOKEN');
  if (token !== undefined) return bearer(token);
  const user = environment.MLFLOW_TRACKING_USERNAME;
  const password = secretIn(environment, 'MLFLOW_TRACKING_PASSWORD');
  return user !== undefined && password !== undefined ? basic(user, password) : noCredentials;
}

type Ask = (route: string, body: object | undefined, signal: AbortSignal) => Promise<Answer>;

async function experimentOf(ask: Ask, name: string, signal: AbortSignal): Promise<string> {
  const byName = async (): Promise<string | undefined> => {
    try {
      const route = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
      const { experiment } = await ask(route, undefined, signal);
      return isObject(experiment) ? String(experiment.experiment_id) : undefined;
    } catch (error) {
      if (error instanceof ServerRefusal && error.code === 'RESOURCE_DOES_NOT_EXIST') return undefined;
      throw error;
    }
  };
  const found = await byName();
  if (found !== undefined) return found;
  try {
    return String((await ask('experiments/create', { name }, signal)).experiment_id);
  } catch (error) {
    if (!(error instanceof ServerRefusal) || error.code !== 'RESOURCE_ALREADY_EXISTS') throw error;
    // Another run made it in between.
    const other = await byName();
    if (other === undefined) throw error;
    return other;
  }
}

async function findRun(
  ask: Ask,
  experimentId: string,
  id: string,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const { runs } = await ask(
    'runs/search',
    { experiment_ids: [experimentId], filter: `tags.\`${idTag}\` = '${id}'`, max_results: 1 },
    signal,
  );
  const [run] = Array.isArray(runs) ? (runs as unknown[]) : [];
  return isObject(run) ? run : undefined;
}

function idOf(server: JsonServer, run: unknown): string {
  const info = isObject(run) && isObject(run.info) ? run.info : {};
  if (typeof info.run_id === 'string') return info.run_id;
  throw new Error(`${server.name}: expected a run with a run_id, got none — is it an MLflow server?`);
}

const pairsOf = (value: unknown): Answer[] => (Array.isArray(value) ? value.filter(isObject) : []);

interface BatchBody extends Partial<MlflowItems> {}

/** Requests within the limits, metrics first; of tags with one name the last. */
function requestsOf(items: readonly MlflowItems[], latest: ReadonlyMap<string, number>): BatchBody[] {
  const metrics = items
    .flatMap((item) => item.metrics)
    .filter(({ key, step }) => step > (latest.get(key) ?? Number.NEGATIVE_INFINITY));
  const tags = new Map<string, MlflowPair>(
    items.flatMap((item) => item.tags).map((tag) => [tag.key, tag] as const),
  );
  return [
    ...inParts(metrics, perRequest.metrics).map((some) => ({ metrics: some })),
    ...inParts([...tags.values()], perRequest.tags).map((some) => ({ tags: some })),
  ];
}

function inParts<Item>(items: readonly Item[], length: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, part) =>
    items.slice(part * length, (part + 1) * length),
  );
}
