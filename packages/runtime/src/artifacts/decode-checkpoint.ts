import { dtypeOfCode, dtypes } from '@rag/onnx';
import {
  type AdamWState,
  type Checkpoint,
  type CheckpointProperties,
  checkCheckpoint,
  checkDType,
  checkName,
  elementCount,
  type NamedTensor,
  type OptimizerState,
} from './checkpoint.js';
import {
  checkpointIdentifier,
  checkpointVersion,
  maxRank,
  noExternalData,
  schema,
} from './checkpoint-schema.js';
import { ArtifactError } from './error.js';
import { FlatTable } from './flat-table.js';
import { momentumNames, optimizerGroup } from './names.js';

interface Reading {
  readonly where: string;
  /** Bytes of tensor data that the file can still hold: tensors that share their bytes run out of it. */
  dataBudget: number;
}

/**
 * Reads a training checkpoint that ONNX Runtime or `encodeCheckpoint` wrote; the tensors are copies.
 * The bytes are not trusted: every offset is checked, and what the runtime ignores in silence (a duplicate name, a
 * foreign optimizer group, missing data) is an error.
 * @param where how errors name the bytes, such as the file's path
 * @throws ArtifactError for anything but a complete version 2 checkpoint with AdamW state or none
 */
export function decodeCheckpoint(bytes: Uint8Array, where = 'checkpoint'): Checkpoint {
  const root = FlatTable.root(bytes, checkpointIdentifier, where);
  const version = root.int32(schema.checkpoint.version);
  if (version !== checkpointVersion) {
    throw new ArtifactError(
      where,
      `expected checkpoint version ${checkpointVersion}, got ${version} — write it again with ONNX Runtime 1.17 or newer`,
    );
  }
  const module = present(root.table(schema.checkpoint.moduleState), 'a module_state', where);
  if (module.bool(schema.moduleState.hasExternalData)) {
    throw new ArtifactError(
      where,
      'expected all data in the file, got the external data flag — the data lies in a second file "<checkpoint>.data": save a checkpoint below 2 GiB',
    );
  }
  if (module.bool(schema.moduleState.isNominalState)) {
    throw new ArtifactError(
      where,
      'expected a checkpoint with weights, got a nominal one (names and types only) — use the checkpoint it was made from',
    );
  }
  const reading: Reading = { where, dataBudget: bytes.byteLength };
  const names = new Set<string>();
  const parameters = (slot: number, field: string, trainable: boolean) =>
    Array.from(present(module.tables(slot), field, where), (table) =>
      readTensor(table, reading, names, trainable),
    );
  const trainable = parameters(schema.moduleState.requiresGradParams, 'requires_grad_params', true);
  const frozen = parameters(schema.moduleState.frozenParams, 'frozen_params', false);
  const optimizer = readOptimizer(root, trainable, reading);
  const properties = readProperties(root.table(schema.checkpoint.propertyBag), where);
  const checkpoint = { trainable, frozen, ...(optimizer && { optimizer }), properties };
  checkCheckpoint(checkpoint, where);
  return checkpoint;
}

function readTensor(
  table: FlatTable,
  reading: Reading,
  seen: Set<string>,
  trainable: boolean,
  owner = '',
): NamedTensor {
  const ids = schema.tensor;
  const name = table.string(ids.name) ?? '';
  checkName(name, seen, `${reading.where}: ${owner}tensor`);
  const where = `${reading.where}: ${owner}"${name}"`;
  const code = table.int32(ids.dataType);
  const dtype = dtypeOfCode(code);
  if (!dtype) {
    throw new ArtifactError(
      where,
      `expected the number of a tensor type, got ${code} — the runtime loads no such parameter`,
    );
  }
  checkDType(dtype, name, trainable, reading.where);
  if (table.int64(ids.externalDataOffset, noExternalData) !== noExternalData) {
    throw new ArtifactError(
      where,
      'expected its data in the file, got an external data offset — save a checkpoint below 2 GiB',
    );
  }
  const shape = present(table.int64s(ids.dims, maxRank), 'dims', where).map(Number);
  const elements = elementCount(shape);
  const raw = present(table.byteVector(ids.rawData), 'raw_data', where);
  if (shape.some((size) => size < 0) || raw.byteLength !== elements * dtypes[dtype].bytes) {
    throw new ArtifactError(
      where,
      `expected ${elements} × ${dtypes[dtype].bytes} bytes for ${dtype}[${shape.join(', ')}], got ${raw.byteLength} — the file is damaged`,
    );
  }
  reading.dataBudget -= raw.byteLength;
  if (reading.dataBudget < 0) {
    throw new ArtifactError(
      where,
      'expected bytes of its own, got bytes that other tensors use too — the file is damaged',
    );
  }
  return { name, dtype, shape, data: new dtypes[dtype].array(new Uint8Array(raw).buffer) };
}

function readOptimizer(
  root: FlatTable,
  trainable: readonly NamedTensor[],
  reading: Reading,
): OptimizerState | undefined {
  const { where } = reading;
  const shapes = new Map(trainable.map(({ name, shape }) => [name, shape]));
  const ids = schema.optimizerGroup;
  let optimizer: OptimizerState | undefined;
  for (const group of root.tables(schema.checkpoint.optimizerGroups) ?? []) {
    const name = group.string(ids.groupName);
    if (name !== optimizerGroup || optimizer) {
      throw new ArtifactError(
        `${where}: optimizer`,
        `expected the one group "${optimizerGroup}", got ${optimizer ? 'a second group ' : ''}${JSON.stringify(name)} — the runtime reads no other`,
      );
    }
    const states: AdamWState[] = [];
    const seen = new Set<string>();
    for (const entry of group.tables(ids.optimizerStates) ?? [])
      states.push(readState(entry, shapes, seen, reading));
    optimizer = {
      step: group.int64(ids.step),
      initialLearningRate: group.float32(ids.initialLearningRate),
      states,
    };
  }
  return optimizer;
}

function readState(
  entry: FlatTable,
  shapes: ReadonlyMap<string, readonly number[]>,
  seen: Set<string>,
  reading: Reading,
): AdamWState {
  const name = entry.string(schema.parameterOptimizerState.paramName) ?? '';
  checkName(name, seen, `${reading.where}: optimizer state`);
  const owner = `optimizer state "${name}": `;
  const names = new Set<string>();
  const found: NamedTensor[] = [];
  for (const table of entry.tables(schema.parameterOptimizerState.momentums) ?? []) {
    found.push(readTensor(table, reading, names, true, owner));
  }
  const [first, second] = momentumNames.map((wanted) => found.find((tensor) => tensor.name === wanted));
  const where = `${reading.where}: ${owner.slice(0, -2)}`;
  if (!first || !second || found.length !== 2) {
    throw new ArtifactError(
      where,
      `expected AdamW's ${momentumNames.join(' and ')}, got [${found.map((t) => t.name).join(', ')}] — the state of another optimizer cannot be continued`,
    );
  }
  const shape = shapes.get(name);
  for (const momentum of [first, second]) {
    if (shape && momentum.shape.join() !== shape.join()) {
      throw new ArtifactError(
        where,
        `expected ${momentum.name} of shape [${shape.join(', ')}] like the parameter, got [${momentum.shape.join(', ')}] — the file is damaged`,
      );
    }
  }
  return { name, momentum0: first.data as Float32Array, momentum1: second.data as Float32Array };
}

function readProperties(bag: FlatTable | undefined, where: string): CheckpointProperties {
  const { name, value } = schema.property;
  const seen = new Set<string>();
  const read = <T>(slot: number, readValue: (property: FlatTable) => T): Map<string, T> => {
    const values = new Map<string, T>();
    for (const property of bag?.tables(slot) ?? []) {
      const key = property.string(name) ?? '';
      checkName(key, seen, `${where}: property`);
      values.set(key, readValue(property));
    }
    return values;
  };
  return {
    ints: read(schema.propertyBag.ints, (property) => property.int64(value)),
    floats: read(schema.propertyBag.floats, (property) => property.float32(value)),
    strings: read(schema.propertyBag.strings, (property) =>
      present(property.string(value), 'a value', where),
    ),
  };
}

function present<T>(value: T | undefined, what: string, where: string): T {
  if (value === undefined) {
    throw new ArtifactError(
      where,
      `expected ${what}, got none — the runtime refuses such a file: write it again`,
    );
  }
  return value;
}
