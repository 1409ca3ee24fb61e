import { describe, expect, it, test } from 'vitest';
import { type Checkpoint, type NamedTensor, noProperties } from '../artifacts/checkpoint.js';
import { decodeCheckpoint } from '../artifacts/decode-checkpoint.js';
import { encodeCheckpoint } from '../artifacts/encode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { initialStateOf } from './initial-state.js';
import { restoreState, snapshotState, stateOf as stateOfInitial } from './state.js';

const stateOf = (bytes: Uint8Array) => stateOfInitial(initialStateOf(decodeCheckpoint(bytes)));

const tensor = (name: string, shape: readonly number[], from: number): NamedTensor => ({
  name,
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
});
const moments = (name: string, size: number) => ({
  name,
  momentum0: new Float32Array(size).fill(0.5),
  momentum1: new Float32Array(size).fill(0.25),
});
const w = tensor('w', [2, 3], 1);
const b = tensor('b', [2], 10);
const table = tensor('table', [4], 20);
const optimizer = { step: 7n, initialLearningRate: 0, states: [moments('w', 6), moments('b', 2)] };
const full: Checkpoint = { trainable: [w, b], frozen: [table], optimizer, properties: noProperties() };
const { optimizer: _, ...fresh } = full;

describe('a state', () => {
  it('is what its checkpoint says, in memory that threads share', async () => {
    const { trained, frozen, step } = await stateOf(encodeCheckpoint(full));
    expect(step).toBe(7);
    expect(trained.map(({ name, value }) => [name, value.shape, value.data])).toEqual([
      ['w', [2, 3], w.data],
      ['b', [2], b.data],
    ]);
    expect(trained[1]!.first).toEqual(Float32Array.of(0.5, 0.5));
    expect(trained[1]!.second).toEqual(Float32Array.of(0.25, 0.25));
    expect(frozen.get('table')!.data).toEqual(table.data);
    for (const { value, gradient, first, second } of trained)
      for (const { buffer } of [value.data, gradient.data, first, second])
        expect(buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('asks for a value once the one before lies in it', async () => {
    const initial = initialStateOf(full);
    const told: string[] = [];
    const { trained, frozen } = await stateOfInitial({
      ...initial,
      value: async (parameter) => {
        told.push(`asked ${parameter.name}`);
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`read ${parameter.name}`);
        return initial.value(parameter);
      },
    });
    expect(told).toEqual(['w', 'b', 'table'].flatMap((name) => [`asked ${name}`, `read ${name}`]));
    expect(trained.map(({ value }) => value.data)).toEqual([w.data, b.data]);
    expect(frozen.get('table')!.data).toEqual(table.data);
  });

  it('starts with moments of zero where the checkpoint has none', async () => {
    for (const checkpoint of [fresh, { ...full, optimizer: { ...optimizer, states: [] } }]) {
      const { trained, step } = await stateOf(encodeCheckpoint(checkpoint));
      expect(step).toBe(checkpoint === fresh ? 0 : 7);
      for (const { first, second } of trained)
        expect([...first, ...second].every((moment) => moment === 0)).toBe(true);
    }
  });

  it('comes back from its snapshot', async () => {
    const state = await stateOf(encodeCheckpoint(full));
    const snapshot = snapshotState(state);
    expect(snapshot).toEqual(full);
    expect(snapshotState(await stateOf(encodeCheckpoint(snapshot)))).toEqual(full);
    for (const { value, first, second } of state.trained)
      for (const array of [value.data as Float32Array, first, second]) array.fill(-1);
    (state.frozen.get('table')!.data as Float32Array).fill(-1);
    state.step = 9;
    expect(snapshot).toEqual(full);
    restoreState(state, snapshot);
    expect(snapshotState(state)).toEqual(full);
    restoreState(state, fresh);
    expect(snapshotState(state).optimizer).toEqual({
      step: 0n,
      initialLearningRate: 0,
      states: [
        { name: 'w', momentum0: new Float32Array(6), momentum1: new Float32Array(6) },
        { name: 'b', momentum0: new Float32Array(2), momentum1: new Float32Array(2) },
      ],
    });
  });

  const faults: [string, Checkpoint, RegExp][] = [
    ['a parameter less', { ...fresh, trainable: [w] }, /"b": expected a trainable .*\[2\], got none/],
    ['a parameter more', { ...fresh, trainable: [w, b, tensor('c', [1], 0)] }, /"c": .*got this one besides/],
    [
      'the shape turned',
      { ...fresh, trainable: [tensor('w', [3, 2], 0), b] },
      /"w": .*\[2, 3\], got .*\[3, 2\]/,
    ],
    ['another size', { ...fresh, trainable: [w, tensor('b', [3], 0)] }, /"b": .*\[2\], got float32\[3\]/],
    ['no frozen parameter', { ...fresh, frozen: [] }, /"table": expected a frozen .*got none/],
    ['a frozen parameter more', { ...fresh, frozen: [table, tensor('c', [1], 0)] }, /"c": .*1 frozen/],
    [
      'a frozen parameter of another type',
      { ...fresh, frozen: [{ ...table, dtype: 'int32', data: new Int32Array(4) }] },
      /"table": .*got int32\[4\]/,
    ],
    ['a frozen one trained', { ...fresh, trainable: [w, b, table], frozen: [] }, /"table"/],
    ['a parameter twice', { ...fresh, trainable: [w, w, b] }, /"w" twice/],
    [
      'a short moment',
      { ...full, optimizer: { ...optimizer, states: [moments('w', 5), moments('b', 2)] } },
      /"w".*6 elements in momentum0.*got 5/,
    ],
    [
      'moments of one parameter only',
      { ...full, optimizer: { ...optimizer, states: [moments('w', 6)] } },
      /got none for "b"/,
    ],
  ];
  test.each(faults)('does not change for a checkpoint with %s', async (_, checkpoint, message) => {
    const state = await stateOf(encodeCheckpoint(full));
    expect(() => restoreState(state, checkpoint)).toThrow(ArtifactError);
    expect(() => restoreState(state, checkpoint)).toThrow(message);
    expect(snapshotState(state)).toEqual(full);
  });

  it('holds float32 only', () => {
    const ids: NamedTensor = { name: 'ids', dtype: 'int64', shape: [1], data: new BigInt64Array(1) };
    expect(() => stateOf(encodeCheckpoint({ ...fresh, frozen: [ids] }))).toThrow(
      'checkpoint: "ids": expected a float32 parameter, got int64',
    );
  });
});
