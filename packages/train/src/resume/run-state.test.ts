import { expect, test } from 'vitest';
import { decodeRunState, encodeRunState, type RunState } from './run-state.js';

const state: RunState = {
  id: '1a2b-c_D',
  identity: {
    task: 'reranker',
    settings: { lr: 1e-5, freeze: ['a'] },
    data: { train: ['ab'], val: [] },
    model: 'BAAI/bge@12',
    threads: 2,
    versions: { node: '20.20.0' },
  },
  position: {
    ...{ update: 3, skipped: 1, epoch: 1, batch: 2, tokens: 400, milliseconds: 0.1 },
    loss: { sum: 1 / 3, weight: 2 },
  },
  total_updates: 9,
  session: { step: 2, loss_scale: { scale: 2 ** 15, weight: 1, applied: 0, skipped: 1, skippedInARow: 0 } },
  parameters: {
    'a.weight': { tensor: 'bert.a.weight', digests: [1, 2, 0xffffffff] },
    b: { digests: [0, 0, 0] },
  },
  history: [
    { epoch: 0, update: 2, loss: 0.1 + 0.2, learningRate: 1e-5, gradientNorm: 2 },
    {
      ...{ epoch: 0, update: 3, loss: Number.NaN, learningRate: 1e-5 },
      gradientNorm: Number.NaN,
      skipped: 1,
    },
  ],
  unlogged: { losses: [0.7], skipped: 0 },
  evaluations: [{ epoch: 0, metrics: { 'mrr@10': { mean: 0.5 } } }],
  best: { name: 'checkpoint_0', value: 0.5 },
  without_gain: 1,
  evaluate: true,
};

test('comes back to the last bit', () => {
  expect(decodeRunState(encodeRunState(state), 'f')).toEqual(state);
});

const changed = (change: (json: Record<string, never>) => void): string => {
  const json = JSON.parse(encodeRunState(state));
  change(json);
  return JSON.stringify(json);
};

test.each<[string, string, RegExp]>([
  ['no JSON', '{"version":1', /^f: expected JSON, got .* — name another checkpoint/],
  ['another value', '[]', /expected the state of a run, version 1, got one without a version/],
  ['an older file', '{"epoch":0,"update":7}', /which a run of an older @rag\/train wrote/],
  ['a newer file', changed((json) => Object.assign(json, { version: 2 })), /got version 2/],
  ['an unknown key', changed((json) => Object.assign(json, { more: 1 })), /Unrecognized key: "more"/],
  [
    'no count',
    changed((json) => Object.assign(json.position!, { update: -1 })),
    /got position.update: Too small/,
  ],
  [
    'no checksum',
    changed((json) => Object.assign(json.parameters!, { b: { digests: [0, 0, 2 ** 32] } })),
    /got parameters.b.digests.2/,
  ],
  ['no id', changed((json) => Object.assign(json, { id: '../../x' })), /got id: Invalid string/],
  [
    'a prototype',
    '{"version":1,"__proto__":{"id":"x"}}',
    /expected the state of a run, got id: Invalid input/,
  ],
])('%s is refused', (_, text, message) => {
  expect(() => decodeRunState(text, 'f')).toThrow(message);
});
