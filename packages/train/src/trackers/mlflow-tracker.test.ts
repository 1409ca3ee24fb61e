import { expect, test } from 'vitest';
import { examineTracker, examRun } from '../testing/tracker-exam.js';
import { mlflowTracker } from './mlflow-tracker.js';
import { mlflowServer } from './testing/mlflow-server.js';

const secret = 'mlflow-secret-0123456789';
const outcomes: Readonly<Record<string, string>> = {
  FINISHED: 'finished',
  FAILED: 'failed',
  KILLED: 'interrupted',
};

examineTracker(
  'mlflow',
  async () => {
    const server = await mlflowServer();
    const environment = { MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_TOKEN: secret };
    return {
      driver: (clock) => mlflowTracker({ environment, clock }),
      scalars: () =>
        server.runs.flatMap(({ metrics }) =>
          metrics.map(({ key, step, value }) => [key, step, Number(value)] as const),
        ),
      ends: () => [...new Set(server.ends)].map((status) => outcomes[status]!),
      breakDown: () => server.refuse(403),
      secret,
      written: () => JSON.stringify(server.requests.map(({ body }) => body)),
      server,
      close: () => server.close(),
    };
  },
  { ends: ['interrupted', 'finished'], isServer: true },
);

const never = new AbortController().signal;

test('one run with its settings, requests within the limits', async () => {
  const server = await mlflowServer();
  try {
    const driver = () => mlflowTracker({ url: server.url, environment: {} });
    const config = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`key ${at}`, at]));
    const first = driver();
    await first.open({ ...examRun, config }, never);
    const values = Object.fromEntries(Array.from({ length: 1_500 }, (_, at) => [`ndcg@${at}`, at]));
    await first.write([{ kind: 'scalars', step: 1, time: 0, values }], never);
    await driver().open({ ...examRun, config: { ...config, 'key 1': 'another' }, resumeFrom: 1 }, never);
    expect(server.runs.length).toBe(1);
    expect(server.runs[0]!.params.size).toBe(250);
    expect(server.runs[0]!.params.get('key 1')).toBe('1');
    expect(server.runs[0]!.metrics.length).toBe(1_500);
    expect(server.runs[0]!.metrics[10]!.key).toBe('ndcg_at_10');
    expect(server.requests[0]!.authorization).toBeUndefined();
  } finally {
    await server.close();
  }
});

test('needs an address without a password in it', () => {
  expect(() => mlflowTracker({ environment: {} })).toThrow('MLFLOW_TRACKING_URI');
  expect(() => mlflowTracker({ url: 'http://me:secret@host', environment: {} })).toThrow(/^(?!.*secret)/);
  expect(() => mlflowTracker({ url: 'sqlite:///x', environment: {} })).toThrow('http or https');
});
