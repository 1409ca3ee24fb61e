import { Builder } from 'flatbuffers';
import { expect, test } from 'vitest';
import { type Checkpoint, noProperties } from './checkpoint.js';
import { decodeCheckpoint } from './decode-checkpoint.js';
import { encodeCheckpoint } from './encode-checkpoint.js';
import { ArtifactError } from './error.js';

/** Field values by slot; an object is a sub-table, an array a vector of tables. Written without our encoder. */
interface Table {
  [slot: number]: Field;
}
type Field =
  | { int32: number }
  | { int64: bigint }
  | { bool: boolean }
  | { text: string }
  | { bytes: number[] }
  | { int64s: bigint[] }
  | { table: Table }
  | { tables: Table[] };

function write(builder: Builder, table: Table): number {
  const offsets = new Map<number, number>();
  for (const [slot, field] of Object.entries(table) as unknown as [string, Field][]) {
    const offset = child(builder, field);
    if (offset !== undefined) offsets.set(Number(slot), offset);
  }
  builder.startObject(8);
  for (const [key, field] of Object.entries(table) as unknown as [string, Field][]) {
    const slot = Number(key);
    if ('int32' in field) builder.addFieldInt32(slot, field.int32, 0);
    else if ('int64' in field) builder.addFieldInt64(slot, field.int64, 0n);
    else if ('bool' in field) builder.addFieldInt8(slot, Number(field.bool), 0);
    else builder.addFieldOffset(slot, offsets.get(slot)!, 0);
  }
  return builder.endObject();
}

function child(builder: Builder, field: Field): number | undefined {
  if ('text' in field) return builder.createString(field.text);
  if ('bytes' in field) return builder.createByteVector(Uint8Array.from(field.bytes));
  if ('table' in field) return write(builder, field.table);
  if ('int64s' in field) {
    builder.startVector(8, field.int64s.length, 8);
    for (const value of field.int64s.toReversed()) builder.addInt64(value);
    return builder.endVector();
  }
  if ('tables' in field) {
    const entries = field.tables.map((entry) => write(builder, entry));
    builder.startVector(4, entries.length, 4);
    for (const entry of entries.toReversed()) builder.addOffset(entry);
    return builder.endVector();
  }
  return undefined;
}

const one = [0, 0, 128, 63];
const tensor = (name: string, change: Table = {}): Table => ({
  0: { text: name },
  2: { int64s: [1n] },
  3: { int32: 1 },
  4: { bytes: one },
  ...change,
});
const module = (change: Table = {}): Field => ({
  table: { 0: { tables: [tensor('w')] }, 1: { tables: [] }, ...change },
});
const group = (change: Table = {}): Field => ({
  tables: [{ 0: { text: 'group0' }, 1: { int64: 7n }, 3: { tables: [] }, ...change }],
});
const states = (...momentums: Table[]): Field =>
  group({ 3: { tables: [{ 0: { text: 'w' }, 1: { tables: momentums } }] } });

function file(change: Table = {}, identifier = 'ODTC'): Uint8Array {
  const builder = new Builder(1024);
  const root = write(builder, { 0: { int32: 2 }, 1: module(), ...change });
  builder.finish(root, identifier);
  return builder.asUint8Array();
}

test('reads a file that our encoder did not write', () => {
  expect(decodeCheckpoint(file({ 2: states(tensor('momentum0'), tensor('momentum1')) }))).toEqual({
    trainable: [{ name: 'w', dtype: 'float32', shape: [1], data: Float32Array.of(1) }],
    frozen: [],
    optimizer: {
      step: 7n,
      initialLearningRate: 0,
      states: [{ name: 'w', momentum0: Float32Array.of(1), momentum1: Float32Array.of(1) }],
    },
    properties: noProperties(),
  });
});

test('moments in either order, an empty vector of groups, an unknown field', () => {
  const swapped = decodeCheckpoint(
    file({ 2: states(tensor('momentum1'), tensor('momentum0', { 4: { bytes: [0, 0, 0, 64] } })) }),
  );
  expect(swapped.optimizer?.states[0]).toEqual({
    name: 'w',
    momentum0: Float32Array.of(2),
    momentum1: Float32Array.of(1),
  });
  expect(decodeCheckpoint(file({ 2: { tables: [] }, 6: { int32: 5 } })).optimizer).toBeUndefined();
});

const only = (change: Table): Field => module({ 0: { tables: [tensor('w', change)] } });
const faults: [string, Uint8Array, RegExp][] = [
  ['another identifier', file({}, 'ORTM'), /identifier "ODTC", got "ORTM"/],
  ['version 1', file({ 0: { int32: 1 } }), /version 2, got 1/],
  ['version 3', file({ 0: { int32: 3 } }), /version 2, got 3/],
  ['no module', file({ 1: { table: {} } }), /expected requires_grad_params, got none/],
  ['no frozen vector', file({ 1: { table: { 0: { tables: [] } } } }), /expected frozen_params, got none/],
  ['external data', file({ 1: module({ 3: { bool: true } }) }), /external data flag.*below 2 GiB/],
  ['an external offset', file({ 1: only({ 6: { int64: 4n } }) }), /external data offset/],
  ['a nominal checkpoint', file({ 1: module({ 2: { bool: true } }) }), /nominal/],
  ['short data', file({ 1: only({ 4: { bytes: [1, 2, 3] } }) }), /"w": expected 1 × 4 bytes.*got 3/],
  ['empty data for a shape', file({ 1: only({ 4: { bytes: [] } }) }), /got 0 — the file is damaged/],
  ['long data', file({ 1: only({ 4: { bytes: [...one, 0] } }) }), /got 5/],
  ['sizes whose product wraps', file({ 1: only({ 2: { int64s: [2n ** 62n, 4n] } }) }), /got 4 — the file/],
  ['a negative size', file({ 1: only({ 2: { int64s: [-1n, -1n] } }) }), /float32\[-1, -1\]/],
  ['no name', file({ 1: only({ 0: { text: '' } }) }), /tensor: expected a name/],
  ['float16', file({ 1: only({ 3: { int32: 10 } }) }), /got float16/],
  ['text tensors', file({ 1: only({ 3: { int32: 8 } }) }), /number of a tensor type, got 8/],
  ['a trainable int64', file({ 1: only({ 3: { int32: 7 } }) }), /expected float32 .*got int64/],
  ['65 axes', file({ 1: only({ 2: { int64s: Array(65).fill(1n) } }) }), /65 elements where 64/],
  ['one name twice', file({ 1: module({ 1: { tables: [tensor('w')] } }) }), /"w" twice/],
  ['a foreign group', file({ 2: group({ 0: { text: 'group1' } }) }), /group "group0", got "group1"/],
  ['one moment', file({ 2: states(tensor('momentum0')) }), /momentum0 and momentum1, got \[momentum0\]/],
  [
    'foreign moments',
    file({ 2: states(tensor('momentum0'), tensor('exp_avg')) }),
    /got \[momentum0, exp_avg\]/,
  ],
  [
    'a moment of another shape',
    file({ 2: states(tensor('momentum0'), tensor('momentum1', { 2: { int64s: [1n, 1n] } })) }),
    /momentum1 of shape \[1\] like the parameter, got \[1, 1\]/,
  ],
  ['a negative step', file({ 2: group({ 1: { int64: -1n } }) }), /step from 0/],
  [
    'a property twice',
    file({ 3: { table: { 0: { tables: [{ 0: { text: 'n' } }, { 0: { text: 'n' } }] } } } }),
    /property: expected each name once/,
  ],
];

test.each(faults)('refuses %s', (_, bytes, message) => {
  expect(() => decodeCheckpoint(bytes, 'run/checkpoint')).toThrow(ArtifactError);
  expect(() => decodeCheckpoint(bytes, 'run/checkpoint')).toThrow(message);
  expect(() => decodeCheckpoint(bytes, 'run/checkpoint')).toThrow(/^run\/checkpoint: /);
});

test('tensors that share their bytes cannot make a small file fill memory', () => {
  const builder = new Builder(1 << 20);
  const raw = builder.createByteVector(new Uint8Array(400_000));
  builder.startVector(8, 1, 8);
  builder.addInt64(100_000n);
  const dims = builder.endVector();
  const tables = Array.from({ length: 5000 }, (_, i) => {
    const name = builder.createString(`w${i}`);
    builder.startObject(7);
    builder.addFieldOffset(0, name, 0);
    builder.addFieldOffset(2, dims, 0);
    builder.addFieldInt32(3, 1, 0);
    builder.addFieldOffset(4, raw, 0);
    return builder.endObject();
  });
  builder.startVector(4, tables.length, 4);
  for (const table of tables) builder.addOffset(table);
  const trainable = builder.endVector();
  builder.startVector(4, 0, 4);
  const frozen = builder.endVector();
  builder.startObject(4);
  builder.addFieldOffset(0, trainable, 0);
  builder.addFieldOffset(1, frozen, 0);
  const moduleState = builder.endObject();
  builder.startObject(4);
  builder.addFieldInt32(0, 2, 0);
  builder.addFieldOffset(1, moduleState, 0);
  builder.finish(builder.endObject(), 'ODTC');
  expect(() => decodeCheckpoint(builder.asUint8Array())).toThrow(/bytes that other tensors use too/);
});

test('no prefix of a file decodes to the whole of it', () => {
  const checkpoint: Checkpoint = {
    trainable: [{ name: 'w', dtype: 'float32', shape: [3], data: Float32Array.of(1, 2, 3) }],
    frozen: [{ name: 'ids', dtype: 'int64', shape: [], data: BigInt64Array.of(-5n) }],
    optimizer: { step: 1n, initialLearningRate: 0.5, states: [] },
    properties: { ...noProperties(), strings: new Map([['kind', 'test']]) },
  };
  const bytes = encodeCheckpoint(checkpoint);
  for (let length = 0; length < bytes.byteLength - 8; length++) {
    expect(() => decodeCheckpoint(bytes.subarray(0, length)), `${length} bytes`).toThrow(ArtifactError);
  }
});
