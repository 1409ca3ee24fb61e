import { cast, gelu, input, linear, mul, parameter, reduceSum, type Value } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { Tensor } from '../tensor.js';
import { compile } from './compile.js';
import type { Objective } from './objective.js';
import { artifactsOf } from './plan.js';
import { TrainingSession } from './session.js';

type Storage = 'float32' | 'float16' | 'bfloat16' | 'int8' | 'uint8';

/** Two layers of frozen weights [4, 4] stored as `storage`, each with a trained scale. */
const network = (storage: Storage): Objective => ({
  build() {
    const x = input('x', 'float32', ['rows', 4]);
    const states: Value[] = [x];
    for (const i of [0, 1]) {
      const stored = parameter(`layers.${i}.weight`, [4, 4], storage);
      const weight = storage === 'float32' ? stored : cast(stored, 'float32');
      states.push(gelu(mul(linear(states.at(-1)!, weight), parameter(`layers.${i}.scale`, [4]))));
    }
    const last = states[2]!;
    return {
      inputs: [x],
      sum: reduceSum(mul(last, last)),
      weight: reduceSum(mul(x, x)),
      cuts: [{ state: states[1]! }],
    };
  },
});

/** 1 and 2 in each type, so that every storage has the same numbers. */
const codes: Readonly<Record<Storage, readonly [number, number]>> = {
  float32: [1, 2],
  float16: [0x3c00, 0x4000],
  bfloat16: [0x3f80, 0x4000],
  int8: [1, 2],
  uint8: [1, 2],
};
const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
};
const x = new Tensor(
  'float32',
  [3, 4],
  Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
);

function planOf(storage: Storage) {
  const held = new Map<string, Tensor>();
  const plan = compile(network(storage), {
    initial: (_, shape) => new Float32Array(shape[0]!).fill(0.3),
    trainable: (name) => name.endsWith('scale'),
    resident(name, { dtype, shape }) {
      if (!name.endsWith('weight')) return undefined;
      const data = arrays[storage].from(
        Array.from({ length: 16 }, (_, i) => codes[storage][i % 3 === 0 ? 1 : 0]),
      );
      const tensor = new Tensor(dtype, shape, data);
      held.set(name, tensor);
      return tensor;
    },
    optimizer: {},
  });
  return { plan, held };
}

async function train(storage: Storage, provider: 'cpu' | 'wasm') {
  const { plan, held } = planOf(storage);
  const session = await TrainingSession.create(plan, { provider, threads: 1 });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++)
    losses.push((await session.trainStep({ x }, { learningRate: 0.05 })).loss);
  return { session, held, losses };
}

describe('frozen parameters that are resident', () => {
  it.each(['cpu', 'wasm'] as const)(
    'have the same numbers however they are stored, with %s',
    async (provider) => {
      const expected = await train('float32', provider);
      expected.session.dispose();
      expect(expected.losses[2]).not.toBeCloseTo(expected.losses[0]!, 4);
      const storages = ['float16', 'int8', 'uint8', ...(provider === 'cpu' ? ['bfloat16'] : [])];
      for (const storage of storages as Storage[]) {
        const { session, losses } = await train(storage, provider);
        for (const [i, loss] of expected.losses.entries()) expect(losses[i]).toBeCloseTo(loss, 6);
        session.dispose();
      }
    },
  );

  it('are told where a provider is not fed their type', async () => {
    await expect(train('bfloat16', 'wasm')).rejects.toThrow(
      'parameter "layers.0.weight": expected a type that wasm is fed, got bfloat16 — store it as float16',
    );
  });

  it('are read where they lie, and are in no snapshot', async () => {
    const { session, held } = await train('int8', 'cpu');
    const snapshot = session.snapshot();
    expect(snapshot.trainable.map(({ name }) => name)).toEqual(['layers.0.scale', 'layers.1.scale']);
    expect([snapshot.frozen, session.weights().length]).toEqual([[], 2]);
    const { sum } = await session.evaluate({ x });
    (held.get('layers.1.weight')!.data as Int8Array).fill(0);
    expect(sum).not.toBe(0);
    expect((await session.evaluate({ x })).sum).toBe(0);
    session.restore(snapshot);
    session.dispose();
  });

  it('are frozen, of the type that the graph asks for, and not what ONNX Runtime’s artifacts hold', async () => {
    const objective = network('int8');
    const base = {
      initial: (_: string, shape: readonly number[]) => new Float32Array(shape[0]!),
      optimizer: {},
    };
    const int8 = new Tensor('int8', [4, 4], new Int8Array(16));
    expect(() => compile(objective, { ...base, resident: () => int8 })).toThrow(
      'parameter "layers.0.weight": expected a resident parameter to be frozen, got one that is trained',
    );
    expect(() => compile(objective, base)).toThrow(
      'parameter "layers.0.weight": expected float32, got int8 — cast it inside the graph, or freeze it and give it as `resident`',
    );
    const trainable = (name: string) => name.endsWith('scale');
    const wrong = compile(objective, {
      ...base,
      trainable,
      resident: (name) => (trainable(name) ? undefined : new Tensor('int8', [16], new Int8Array(16))),
    });
    await expect(TrainingSession.create(wrong, { provider: 'cpu' })).rejects.toThrow(
      'parameter "layers.0.weight": expected int8[4, 4], got int8[16]',
    );
    const whole: Objective = {
      build(mode) {
        const { cuts: _, ...graph } = objective.build(mode);
        return graph;
      },
    };
    const one = compile(whole, {
      ...base,
      trainable,
      resident: (name) => (trainable(name) ? undefined : int8),
    });
    expect(() => artifactsOf(one)).toThrow('expected parameters that a checkpoint holds, got one that stays');
  });
});
