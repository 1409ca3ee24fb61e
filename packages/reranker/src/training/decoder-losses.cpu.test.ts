import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { namedLosses } from '@rag/losses';
import { compile, Tensor, TrainingSession, tensorsOf } from '@rag/runtime';
import { packedTensors, packSequences, sizeLadder } from '@rag/text';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LLMDecoder, type Reranker, YesNoReranker } from '../index.js';
import { SCALAR_TEMPLATE } from '../pair-template.js';
import { type RerankerLoss, rerankerObjective } from './index.js';

interface Case {
  readonly sum: number;
  /** The norm of each parameter's gradient, and its product with sin(1), sin(2), …. */
  readonly gradients: Readonly<Record<string, readonly [norm: number, product: number]>>;
}
interface Golden {
  readonly input_ids: readonly number[][];
  readonly losses: Readonly<Record<string, Case>>;
}

/** See scripts/golden/decoder-losses.py. */
const golden: Readonly<Record<'qwen2-scalar' | 'qwen3-yes-no', Golden>> & {
  readonly labels: number[];
  readonly groups: number[][];
  readonly grades: number[][];
  readonly teacher: number[][];
} = JSON.parse(readFileSync(new URL('./fixtures/decoder-losses.json', import.meta.url), 'utf8'));

/** Every loss that `rag train reranker` takes by name, those that may have a teacher with one too. */
const losses = namedLosses.flatMap((named): [string, RerankerLoss][] => {
  const [name] = named.names;
  if (named.kind === 'pointwise') return [[name, { kind: 'pointwise', loss: named.loss }]];
  if (named.kind !== 'group') return [];
  const { kind, loss, teacher } = named;
  const alone: [string, RerankerLoss] = [name, { kind, loss, teacher: teacher === 'required' }];
  return teacher === 'optional'
    ? [alone, [`${name} with a teacher`, { kind, loss, teacher: true }]]
    : [alone];
});

/** The others train decoders in other tests. */
const few = ['listwise_ce', 'pairwise_ranknet', 'kl_divergence', 'margin_mse', 'lambda_loss'];
const run = losses.filter(([name]) => process.env.RAG_LONG || few.includes(name));

const floats = (rows: readonly number[] | readonly number[][]) => {
  const shape = [rows.length, ...(Array.isArray(rows[0]) ? [rows[0].length] : [])];
  return new Tensor('float32', shape, Float32Array.from(rows.flat()));
};

describe.each(['qwen2-scalar', 'qwen3-yes-no'] as const)('%s', (name) => {
  const { input_ids, losses: theirs } = golden[name];
  let model: Reranker;
  let weights: ReadonlyMap<string, Float32Array>;
  beforeAll(async () => {
    const directory = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
    model = await (name === 'qwen2-scalar'
      ? LLMDecoder.fromPretrained(directory, { template: SCALAR_TEMPLATE })
      : YesNoReranker.fromPretrained(directory));
    weights = await model.readWeights();
  });
  afterAll(() => model.dispose());

  function batchOf(loss: RerankerLoss): Record<string, Tensor> {
    const sequences = input_ids.map((ids) => ({ input_ids: ids, token_type_ids: ids.map(() => 0) }));
    const packed = packSequences(sequences, {
      padId: 0,
      mode: 'packed',
      ladder: sizeLadder({ maxSeq: 256 }),
    });
    const tokens = tensorsOf(packedTensors(packed));
    if (loss.kind === 'pointwise')
      return { ...tokens, labels: floats(golden.labels), row_weight: floats(golden.labels.map(() => 1)) };
    const rows = BigInt64Array.from(golden.groups.flat(), BigInt);
    return {
      ...tokens,
      group_index: new Tensor('int64', [golden.groups.length, golden.groups[0]!.length], rows),
      labels: floats(golden.grades),
      mask: floats(golden.grades.map((grades) => grades.map(() => 1))),
      ...(loss.teacher && { teacher_scores: floats(golden.teacher) }),
    };
  }

  it('has a golden gradient of every loss', () =>
    expect(losses.map(([loss]) => loss).toSorted()).toEqual(Object.keys(theirs).toSorted()));

  it.each(run)('%s: loss and gradients of PyTorch, and steps that lower it', async (loss, how) => {
    const plan = compile(rerankerObjective({ config: model.config, loss: how, scores: model.parts.scores }), {
      initial: (parameter) => weights.get(parameter)!.slice(),
      optimizer: {},
    });
    const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    try {
      const batch = batchOf(how);
      const expected = theirs[loss]!;
      const { sum } = await session.accumulate(batch);
      expect(Math.abs(sum - expected.sum) / expected.sum).toBeLessThan(1e-5);
      const ours = session.gradients();
      expect(ours.map((gradient) => gradient.name).toSorted()).toEqual(
        Object.keys(expected.gradients).toSorted(),
      );
      const norms = Object.values(expected.gradients).map(([norm]) => norm);
      const whole = Math.hypot(...norms);
      for (const { name: parameter, data } of ours) {
        const [norm, product] = expected.gradients[parameter]!;
        const found = Array.from(data as Float32Array);
        expect(Math.abs(Math.hypot(...found) - norm) / whole, parameter).toBeLessThan(1e-5);
        const along = found.reduce((total, x, i) => total + x * Math.sin(i + 1), 0);
        expect(Math.abs(along - product) / whole, parameter).toBeLessThan(1e-4);
      }
      let after = sum;
      for (let step = 0; step < 3; step++) {
        await session.update({ learningRate: 3e-3 });
        after = (await session.accumulate(batch)).sum;
      }
      expect(after).toBeLessThan(sum);
    } finally {
      session.dispose();
    }
  });
});
