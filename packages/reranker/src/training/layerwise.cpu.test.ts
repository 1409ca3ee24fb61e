import { readFileSync } from 'node:fs';
import { groupSoftmax } from '@rag/losses';
import { compile, Tensor, TrainingSession } from '@rag/runtime';
import { expect, test } from 'vitest';
import { tinyConfig } from '../testing/tiny.js';
import { rerankerObjective } from './objective.js';

interface Case {
  readonly loss: number;
  readonly gradient: number[];
}

/** See scripts/golden/layerwise-loss.py. */
const golden: {
  readonly groups: number;
  readonly layers: number;
  readonly logits: number[];
  readonly teacher: number[];
  readonly plain: Case;
  readonly taught: Case;
} = JSON.parse(readFileSync(new URL('./fixtures/layerwise-loss.json', import.meta.url), 'utf8'));
const { groups, layers } = golden;
const [batch, size] = [golden.logits.length / layers, golden.logits.length / layers / groups];

const ints = (values: readonly number[], shape: readonly number[]) =>
  new Tensor('int64', shape, BigInt64Array.from(values, BigInt));
const floats = (values: readonly number[], shape: readonly number[]) =>
  new Tensor('float32', shape, Float32Array.from(values));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

test.each(['plain', 'taught'] as const)(
  '%s: loss and gradients of FlagEmbedding’s layer-wise trainer',
  async (name) => {
    const teacher = name === 'taught';
    const objective = rerankerObjective({
      config: tinyConfig(),
      loss: { kind: 'group', loss: groupSoftmax, teacher, selfTaught: true },
      // The logits themselves are the model.
      scores: (root) => root.get('model', [batch, layers]),
    });
    const plan = compile(objective, { initial: () => Float32Array.from(golden.logits), optimizer: {} });
    const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    const shape = [groups, size];
    const { sum, weight, outputs } = await session.accumulate({
      input_ids: ints([0], [1]),
      token_type_ids: ints([0], [1]),
      position_ids: ints([0], [1]),
      block_index: ints([0], [1, 1]),
      token_index: ints([0], [1]),
      attention_mask: floats([1], [1, 1]),
      first_token: ints([0], [1]),
      group_index: ints(range(batch), shape),
      labels: floats(
        range(batch).map((i) => (i % size === 0 ? 1 : 0)),
        shape,
      ),
      mask: floats(
        range(batch).map(() => 1),
        shape,
      ),
      ...(teacher && { teacher_scores: floats(golden.teacher, shape) }),
    });
    expect(weight).toBe(groups);
    expect(Math.abs(sum / weight - golden[name].loss)).toBeLessThan(1e-5);
    expect([...(outputs.logits!.data as Float32Array)]).toEqual(
      range(batch).map((i) => Math.fround(golden.logits[i * layers + layers - 1]!)),
    );
    const data = session.gradients()[0]!.data as Float32Array;
    const gaps = golden[name].gradient.map((value, i) => Math.abs(data[i]! / weight - value));
    expect(Math.max(...gaps)).toBeLessThan(1e-6);
    session.dispose();
  },
);
