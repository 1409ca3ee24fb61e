import { expect, test } from 'vitest';
import { examineTracker } from '../testing/tracker-exam.js';
import { wandbServer } from './testing/wandb-server.js';
import { wandbOnlineTracker } from './wandb-online-tracker.js';

const secret = 'wandb-secret-0123456789';
const outcomes: Readonly<Record<number, string>> = { 0: 'finished', 1: 'failed', 130: 'interrupted' };

examineTracker(
  'wandb online',
  async () => {
    const server = await wandbServer(secret);
    const environment = { WANDB_API_KEY: secret, WANDB_BASE_URL: server.url };
    return {
      driver: (clock) => wandbOnlineTracker({ environment, clock }),
      scalars() {
        const lines = [...server.runs.values()].flatMap(({ history }) => history);
        return lines.flatMap((line) => {
          const words = line.replaceAll(/:(NaN|-?Infinity)/g, ':"$1"');
          const { _step, _timestamp, _runtime, ...values } = JSON.parse(words);
          return Object.entries(values).flatMap(([name, value]) =>
            typeof value === 'object' ? [] : [[name, Number(_step), Number(value)] as const],
          );
        });
      },
      ends: () => [...new Set(server.exits)].map((code) => outcomes[code]!),
      breakDown: () => server.refuse(403),
      secret,
      written: () =>
        JSON.stringify([...server.runs.values()]) + JSON.stringify(server.requests.map(({ body }) => body)),
      server,
      close: () => server.close(),
    };
  },
  { ends: ['interrupted', 'finished'], isServer: true },
);

test('needs a key, whose characters are never said', () => {
  expect(() => wandbOnlineTracker({ environment: {} })).toThrow('WANDB_API_KEY');
  expect(() => wandbOnlineTracker({ environment: { WANDB_API_KEY: 'sécret' } })).toThrow(/^(?!.*s.cret)/);
});
