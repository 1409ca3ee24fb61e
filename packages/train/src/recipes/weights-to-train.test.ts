import { initializeLora } from '@rag/models';
import { expect, test } from 'vitest';
import { allWeights, weightsToTrain } from './weights-to-train.js';

const values = new Map([
  ['trained', Float32Array.of(1, 2)],
  ['norm', Float32Array.of(3, 4)],
  ['frozen', Float32Array.of(1, -2, 3, 4)],
]);
const codes = Uint16Array.of(0x3f80, 0xc000, 0x4040, 0x4080);
const stored = {
  parameters: [
    { name: 'trained', shape: [2] },
    { name: 'norm', shape: [2] },
    { name: 'frozen', shape: [2, 2] },
  ],
  read: async (name: string) => values.get(name)!.slice(),
  elements: async (name: string) =>
    name === 'frozen' ? { dtype: 'bfloat16' as const, codes } : values.get(name)!.slice(),
};
const selection = {
  base: stored.parameters,
  trained: new Set(['trained', 'frozen.lora_A.weight', 'frozen.lora_B.weight']),
  storage: (_: string, shape: readonly number[]) => (shape.length === 2 ? 'bfloat16' : 'float32') as never,
  instead: new Map(),
  seed: 5,
};

test('what is trained is read when it is asked for, held by nobody; what is frozen lies where it was read to', async () => {
  const asked: string[] = [];
  const read = async (name: string) => {
    asked.push(name);
    return values.get(name)!.slice();
  };
  const weights = weightsToTrain({ ...stored, read }, selection);
  expect(['trained', 'frozen.lora_A.weight', 'norm'].map(weights.trainable)).toEqual([true, true, false]);
  expect(weights.resident('trained', { dtype: 'float32', shape: [2] })).toBeUndefined();
  const frozen = weights.resident('frozen', { dtype: 'bfloat16', shape: [2, 2] })!;
  expect(() => frozen.data).toThrow('frozen: expected its values, got none — load()');
  await weights.load();
  // The file's own codes, in no copy.
  expect(frozen.data).toBe(codes);
  expect(weights.resident('norm', { dtype: 'float32', shape: [2] })!.data).toEqual(Float32Array.of(3, 4));
  expect(asked).toEqual(['norm']);
  expect(await weights.initial('trained', [2])).toEqual(Float32Array.of(1, 2));
  expect(asked).toEqual(['norm', 'trained']);
  const a = { name: 'frozen.lora_A.weight', shape: [1, 2] };
  expect(weights.initial(a.name, a.shape)).toEqual(initializeLora(a, 5));
});

test('values of an adapter that is continued stand in the place of fresh ones and of the model’s', async () => {
  const instead = new Map([
    ['frozen.lora_A.weight', async () => Float32Array.of(7, 8)],
    ['trained', async () => Float32Array.of(9, 9)],
  ]);
  const weights = weightsToTrain(stored, { ...selection, instead });
  await weights.load();
  expect(await weights.initial('frozen.lora_A.weight', [1, 2])).toEqual(Float32Array.of(7, 8));
  expect(await weights.initial('trained', [2])).toEqual(Float32Array.of(9, 9));
});

test('all weights of a model', async () => {
  const weights = allWeights(values);
  expect(weights.trainable('anything')).toBe(true);
  expect(await weights.initial('norm', [2])).toBe(values.get('norm'));
  // Whoever trains everything reads nothing ahead.
  const asked: string[] = [];
  const all = allWeights({
    ...stored,
    read: async (name) => {
      asked.push(name);
      return values.get(name)!.slice();
    },
  });
  await all.load();
  expect(asked).toEqual([]);
});
