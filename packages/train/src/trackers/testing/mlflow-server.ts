import { type Answer, type Asked, type HttpFixture, httpFixture } from './http-fixture.js';

/** A metric as the store has it. */
interface Metric {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

interface Run {
  readonly info: { readonly run_id: string; readonly experiment_id: string; status: string };
  readonly metrics: Metric[];
  /** The primary keys of the metrics. */
  readonly known: Set<string>;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
}

/** What of MLflow's REST API 2.0 a tracker uses, with its limits and error codes, over a store that holds equal metrics once (mlflow/store/tracking/sqlalchemy_store.py). */
export interface MlflowServer extends HttpFixture {
  readonly runs: readonly Run[];
  /** Statuses that ended a run, in order. */
  readonly ends: readonly string[];
}

export async function mlflowServer(): Promise<MlflowServer> {
  const experiments = new Map<string, string>();
  const runs: Run[] = [];
  const ends: string[] = [];
  const refuse = (code: string, message: string, status = 400): Answer => ({
    status,
    body: { error_code: code, message },
  });
  const invalid = (message: string): Answer => refuse('INVALID_PARAMETER_VALUE', message);
  const good = (body: object = {}): Answer => ({ status: 200, body });
  const shown = ({ info, metrics, params, tags }: Run) => {
    const latest = new Map<string, Metric>();
    for (const metric of metrics)
      if (metric.step >= (latest.get(metric.key)?.step ?? Number.NEGATIVE_INFINITY))
        latest.set(metric.key, metric);
    const pairs = (map: Map<string, string>) => [...map].map(([key, value]) => ({ key, value }));
    return { info, data: { metrics: [...latest.values()], params: pairs(params), tags: pairs(tags) } };
  };
  const logBatch = (run: Run, body: Asked['body']): Answer => {
    const {
      metrics = [],
      params = [],
      tags = [],
    } = body as {
      metrics?: Metric[];
      params?: { key: string; value: string }[];
      tags?: { key: string; value: string }[];
    };
    if (metrics.length > 1000 || params.length > 100 || tags.length > 100) return invalid('too many at once');
    for (const { key } of [...metrics, ...params, ...tags])
      if (!/^[/\p{L}\p{N}_.\- :]+$/u.test(key) || key.length > 250) return invalid(`Invalid name: '${key}'`);
    for (const metric of metrics) {
      const isNumber = typeof metric.value === 'number' || /^(NaN|-?Infinity)$/.test(metric.value);
      if (!isNumber || !Number.isInteger(metric.timestamp) || !Number.isInteger(metric.step))
        return invalid(`Got invalid value ${JSON.stringify(metric)}`);
    }
    for (const { key, value } of params)
      if ((run.params.get(key) ?? value) !== value)
        return invalid(`Changing param values is not allowed: ${key}`);
    for (const metric of metrics) {
      const { key, value, timestamp, step } = metric;
      const identity = JSON.stringify([key, value, timestamp, step]);
      if (!run.known.has(identity)) run.metrics.push(metric);
      run.known.add(identity);
    }
    for (const { key, value } of params) run.params.set(key, value);
    for (const { key, value } of tags) run.tags.set(key, value);
    return good();
  };
  const fixture = await httpFixture((asked) => {
    const route = `${asked.method} ${asked.path.replace('/api/2.0/mlflow/', '')}`;
    const { body } = asked;
    const run = runs.find(({ info }) => info.run_id === body.run_id);
    switch (route) {
      case 'GET experiments/get-by-name': {
        const name = asked.query.get('experiment_name')!;
        const id = experiments.get(name);
        return id === undefined
          ? refuse('RESOURCE_DOES_NOT_EXIST', `no ${name}`, 404)
          : good({ experiment: { experiment_id: id, name } });
      }
      case 'POST experiments/create': {
        const name = String(body.name);
        if (experiments.has(name)) return refuse('RESOURCE_ALREADY_EXISTS', name);
        experiments.set(name, String(experiments.size + 1));
        return good({ experiment_id: experiments.get(name) });
      }
      case 'POST runs/search': {
        const filter = /^tags\.`([^`]+)` = '([^']*)'$/.exec(String(body.filter));
        if (filter === null) return invalid('filter');
        const found = runs.filter(
          ({ info, tags }) =>
            (body.experiment_ids as string[]).includes(info.experiment_id) &&
            tags.get(filter[1]!) === filter[2],
        );
        // Fields without elements are left out, as protobuf's JSON has it.
        return good(found.length > 0 ? { runs: found.map(shown) } : {});
      }
      case 'POST runs/create': {
        const tags = body.tags as { key: string; value: string }[];
        const made: Run = {
          info: { run_id: `run${runs.length}`, experiment_id: String(body.experiment_id), status: 'RUNNING' },
          metrics: [],
          known: new Set(),
          params: new Map(),
          tags: new Map(tags.map(({ key, value }) => [key, value])),
        };
        runs.push(made);
        return good({ run: shown(made) });
      }
      case 'POST runs/log-batch':
        return run === undefined ? refuse('RESOURCE_DOES_NOT_EXIST', 'run', 404) : logBatch(run, body);
      case 'POST runs/update':
        if (run === undefined) return refuse('RESOURCE_DOES_NOT_EXIST', 'run', 404);
        run.info.status = String(body.status);
        if (body.end_time !== undefined) ends.push(run.info.status);
        return good({ run_info: run.info });
      default:
        return refuse('ENDPOINT_NOT_FOUND', route, 404);
    }
  });
  return { ...fixture, runs, ends };
}
