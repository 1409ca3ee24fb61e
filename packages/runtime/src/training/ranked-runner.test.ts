import { expect, test } from 'vitest';
import type { Collective } from '../collectives/collective.js';
import { rowPlan } from '../testing/ranked-training.js';
import { parameterGroups } from './parameter-groups.js';
import { rankedMemory } from './ranked-memory.js';
import { rankedRunners } from './ranked-runner.js';
import type { SegmentRunner } from './segment-runner.js';
import type { Sharding } from './sharding.js';
import { idleBackward, idleForward } from './through-segments.js';

/** What a rank of two calls, in order: its segments' models and its collective. */
function recorded(sharding: Sharding) {
  const { segments, initial } = rowPlan(true);
  const order: string[] = [];
  const call = (name: string) => async (): Promise<void> => void order.push(name);
  const collective = {
    ...{ name: 'fake', rank: 0, size: 2 },
    allReduce: call('sum'),
    reduceScatter: call('sum'),
    allGather: call('gather'),
  } as unknown as Collective;
  const memory = rankedMemory(parameterGroups(segments, initial.trainable, 2), collective, sharding);
  const runners = segments.map(({ name, takes, yields }): SegmentRunner => {
    const run = (pass: string) => async () => {
      order.push(`${pass} ${name}`);
      return {};
    };
    return {
      ...{ takes, yields, trains: true },
      inputs: async () => [],
      forward: run('forward'),
      backward: run('backward'),
      evaluate: run('evaluate'),
      release() {},
      dispose() {},
    };
  });
  return { order, memory, runners: rankedRunners(runners, memory) };
}

test('sums begin behind the last pass that adds to them, before the segments in front of it run', async () => {
  const { order, runners, memory } = recorded('none');
  memory.begin();
  for (const isFinal of [false, true])
    for (const runner of runners.toReversed()) await runner.backward({}, 'add', isFinal);
  await memory.settle();
  expect(order).toEqual([
    ...['backward head', 'backward state.3', 'backward state.2', 'backward state.1', 'backward state.0'],
    // The head reads the table too, whose sum waits for the embeddings'.
    ...[
      'backward head',
      'sum',
      'backward state.3',
      'sum',
      'backward state.2',
      'sum',
      'backward state.1',
      'sum',
    ],
    ...['backward state.0', 'sum'],
  ]);
});

test('what no pass was the last of is summed before the update, once', async () => {
  const { order, runners, memory } = recorded('optimizer');
  memory.begin();
  for (const runner of runners.toReversed()) await runner.backward({}, 'overwrite');
  expect(order).not.toContain('sum');
  await memory.settle();
  expect(order.filter((what) => what === 'sum')).toHaveLength(5);
  await memory.settle();
  expect(order.filter((what) => what === 'sum')).toHaveLength(5);
});

test('what lies in shares is whole while a segment runs, and let go behind it', async () => {
  const { runners, memory, order } = recorded('parameters');
  memory.begin();
  const whole = () => memory.groups.filter((group) => group.whole.value ?? group.whole.gradient).length;
  await runners[1]!.forward({});
  expect(order).toEqual(['gather', 'forward state.1']);
  expect(whole()).toBe(0);
  await runners[1]!.backward({}, 'add');
  expect(order.slice(2)).toEqual(['gather', 'backward state.1', 'sum']);
  expect(whole()).toBe(0);
});

test.each<Sharding>(['none', 'optimizer', 'gradients', 'parameters'])(
  'a rank without a batch makes the calls of one that has one, sharing %s',
  async (sharding) => {
    const [busy, idle] = [recorded(sharding), recorded(sharding)];
    for (const { memory } of [busy, idle]) memory.begin();
    for (const runner of busy.runners.slice(0, -1)) await runner.forward({});
    for (const runner of busy.runners.toReversed()) await runner.backward({}, 'add', true);
    await idleForward(idle.runners.slice(0, -1), 'forward');
    await idleBackward(idle.runners, true);
    const calls = busy.order.filter((what) => what === 'sum' || what === 'gather');
    expect(calls.length).toBeGreaterThan(4);
    expect(idle.order).toEqual(calls);
  },
);
