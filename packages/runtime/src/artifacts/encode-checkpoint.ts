import { dtypes, type TypedArray } from '@rag/onnx';
import { Builder, type Offset } from 'flatbuffers';
import { type Checkpoint, checkCheckpoint, type NamedTensor, type OptimizerState } from './checkpoint.js';
import { checkpointIdentifier, checkpointVersion, schema } from './checkpoint-schema.js';
import { ArtifactError } from './error.js';
import { maxFlatBufferBytes } from './flat-table.js';
import { momentumNames, optimizerGroup } from './names.js';

const fieldCount = (table: Readonly<Record<string, number>>): number => Object.keys(table).length;

/**
 * Writes a training checkpoint as ONNX Runtime reads it: flatbuffers, identifier `ODTC`, version 2, little endian, no
 * external data. Order is kept. `initialLearningRate` and float properties are rounded to float32.
 * @returns the bytes of the file `checkpoint`, below 2 GiB
 * @throws ArtifactError for what the runtime would misread, and for state over 2 GiB
 */
export function encodeCheckpoint(checkpoint: Checkpoint, where = 'checkpoint'): Uint8Array {
  checkCheckpoint(checkpoint, where);
  const builder = new Builder(checkedSize(checkpoint, where));
  const { ints, floats, strings } = checkpoint.properties;

  const trainable = offsets(
    builder,
    checkpoint.trainable.map((t) => tensor(builder, t)),
  );
  const frozen = offsets(
    builder,
    checkpoint.frozen.map((t) => tensor(builder, t)),
  );
  const ids = schema.moduleState;
  builder.startObject(fieldCount(ids));
  builder.addFieldOffset(ids.requiresGradParams, trainable, 0);
  builder.addFieldOffset(ids.frozenParams, frozen, 0);
  const moduleState = builder.endObject();

  const groups = checkpoint.optimizer
    ? offsets(builder, [group(builder, checkpoint.optimizer, checkpoint.trainable)])
    : 0;
  const { value } = schema.property;
  const bag =
    ints.size + floats.size + strings.size === 0
      ? 0
      : propertyBag(builder, [
          [...ints].map(([name, v]) => property(builder, name, () => builder.addFieldInt64(value, v, 0n))),
          [...floats].map(([name, v]) => property(builder, name, () => builder.addFieldFloat32(value, v, 0))),
          [...strings].map(([name, v]) => {
            const text = builder.createString(v);
            return property(builder, name, () => builder.addFieldOffset(value, text, 0));
          }),
        ]);

  builder.startObject(fieldCount(schema.checkpoint));
  builder.addFieldInt32(schema.checkpoint.version, checkpointVersion, 0);
  builder.addFieldOffset(schema.checkpoint.moduleState, moduleState, 0);
  builder.addFieldOffset(schema.checkpoint.optimizerGroups, groups, 0);
  builder.addFieldOffset(schema.checkpoint.propertyBag, bag, 0);
  builder.finish(builder.endObject(), checkpointIdentifier);
  return builder.asUint8Array();
}

/**
 * An upper bound of the file's bytes, so that the builder allocates once: it grows by doubling, which fails from 1 GiB.
 * 160 bytes hold a tensor's table, vtable, vector heads and padding; text takes at most 3 bytes per UTF-16 unit.
 */
function checkedSize({ trainable, frozen, optimizer, properties }: Checkpoint, where: string): number {
  const text = (s: string) => 3 * s.length;
  const tensorBytes = ({ name, shape, data }: NamedTensor) =>
    data.byteLength + text(name) + 8 * shape.length + 160;
  const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
  const weights = sum([...trainable, ...frozen].map(tensorBytes));
  const moments = optimizer?.states.length ? 2 * sum(trainable.map(tensorBytes)) + 320 * trainable.length : 0;
  const names = [...properties.ints.keys(), ...properties.floats.keys(), ...properties.strings.keys()];
  const texts = sum([...names, ...properties.strings.values()].map((s) => text(s) + 64));
  const bytes = weights + moments + texts + 1024;
  if (bytes > maxFlatBufferBytes) {
    throw new ArtifactError(
      where,
      `expected at most ${maxFlatBufferBytes} bytes (the limit of the format), got about ${bytes}, ` +
        `${moments} of them optimizer state — write it without optimizer states, train fewer parameters, ` +
        'or leave frozen weights in the ONNX files',
    );
  }
  return bytes;
}

function group(builder: Builder, optimizer: OptimizerState, trainable: readonly NamedTensor[]): Offset {
  const shapes = new Map(trainable.map(({ name, shape }) => [name, shape]));
  const states = offsets(
    builder,
    optimizer.states.map((state) => {
      const shape = shapes.get(state.name)!;
      const momentums = offsets(
        builder,
        momentumNames.map((name) => tensor(builder, { name, dtype: 'float32', shape, data: state[name] })),
      );
      const name = builder.createString(state.name);
      const ids = schema.parameterOptimizerState;
      builder.startObject(fieldCount(ids));
      builder.addFieldOffset(ids.paramName, name, 0);
      builder.addFieldOffset(ids.momentums, momentums, 0);
      return builder.endObject();
    }),
  );
  const name = builder.createString(optimizerGroup);
  const ids = schema.optimizerGroup;
  builder.startObject(fieldCount(ids));
  builder.addFieldInt64(ids.step, optimizer.step, 0n);
  builder.addFieldOffset(ids.groupName, name, 0);
  builder.addFieldFloat32(ids.initialLearningRate, optimizer.initialLearningRate, 0);
  builder.addFieldOffset(ids.optimizerStates, states, 0);
  return builder.endObject();
}

function tensor(builder: Builder, { name, dtype, shape, data }: NamedTensor): Offset {
  const rawData = builder.createByteVector(bytesOf(data));
  builder.startVector(8, shape.length, 8);
  for (const size of shape.toReversed()) builder.addInt64(BigInt(size));
  const dims = builder.endVector();
  const nameOffset = builder.createString(name);
  const ids = schema.tensor;
  builder.startObject(fieldCount(ids));
  builder.addFieldOffset(ids.name, nameOffset, 0);
  builder.addFieldOffset(ids.dims, dims, 0);
  builder.addFieldInt32(ids.dataType, dtypes[dtype].code, 0);
  builder.addFieldOffset(ids.rawData, rawData, 0);
  return builder.endObject();
}

function property(builder: Builder, name: string, addValue: () => void): Offset {
  const nameOffset = builder.createString(name);
  builder.startObject(fieldCount(schema.property));
  builder.addFieldOffset(schema.property.name, nameOffset, 0);
  addValue();
  return builder.endObject();
}

function propertyBag(builder: Builder, kinds: readonly (readonly Offset[])[]): Offset {
  const vectors = kinds.map((kind) => (kind.length === 0 ? 0 : offsets(builder, kind)));
  builder.startObject(fieldCount(schema.propertyBag));
  vectors.forEach((vector, slot) => {
    builder.addFieldOffset(slot, vector, 0);
  });
  return builder.endObject();
}

/** A vector of tables or strings written before. */
function offsets(builder: Builder, entries: readonly Offset[]): Offset {
  builder.startVector(4, entries.length, 4);
  for (const entry of entries.toReversed()) builder.addOffset(entry);
  return builder.endVector();
}

const bytesOf = (data: TypedArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
