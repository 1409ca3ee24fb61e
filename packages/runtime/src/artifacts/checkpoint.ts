import { type DType, dtypes, type TypedArray } from '@rag/onnx';
import { ArtifactError } from './error.js';
import { momentumNames } from './names.js';

/** A tensor by the name of its graph input; `data` is row-major, its length the product of `shape` (`[]` is a scalar). */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** AdamW's moments m and v of one trainable parameter, each with the parameter's shape. */
export interface AdamWState {
  readonly name: string;
  readonly momentum0: Float32Array;
  readonly momentum1: Float32Array;
}

/** The one optimizer group of a checkpoint. */
export interface OptimizerState {
  /** Updates done so far (int64); the next one corrects its bias with `step + 1`. */
  readonly step: bigint;
  /** Stored as float32. The genuine runtime keeps it but trains with its own 0.001. */
  readonly initialLearningRate: number;
  /** One for every trainable parameter, or none: then the moments start at zero. */
  readonly states: readonly AdamWState[];
}

/** Values by name beside the tensors; int64, float32 and UTF-8 text. A name is used once over the three kinds. */
export interface CheckpointProperties {
  readonly ints: ReadonlyMap<string, bigint>;
  readonly floats: ReadonlyMap<string, number>;
  readonly strings: ReadonlyMap<string, string>;
}

/** The training state of one model: what ONNX Runtime's file `checkpoint` holds. */
export interface Checkpoint {
  /** float32 parameters that the optimizer updates; inputs of the training model with a gradient buffer each. */
  readonly trainable: readonly NamedTensor[];
  /** Parameters that stay as they are; any type but float16 and bfloat16, which the runtime does not load. */
  readonly frozen: readonly NamedTensor[];
  readonly optimizer?: OptimizerState;
  readonly properties: CheckpointProperties;
}

/** Properties of a checkpoint that has none. */
export const noProperties = (): CheckpointProperties => ({
  ints: new Map(),
  floats: new Map(),
  strings: new Map(),
});

/** The number of elements of a static shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/**
 * Checks what the format cannot say: unique names, types that the runtime loads, lengths equal to shapes, and optimizer
 * states that cover the trainable parameters.
 * @param where how errors name the checkpoint
 * @throws ArtifactError at the first fault
 */
export function checkCheckpoint(checkpoint: Checkpoint, where: string): void {
  const { trainable, frozen, optimizer, properties } = checkpoint;
  const names = new Set<string>();
  for (const tensor of trainable) {
    checkName(tensor.name, names, `${where}: parameter`);
    checkTensor(tensor, true, where);
  }
  for (const tensor of frozen) {
    checkName(tensor.name, names, `${where}: parameter`);
    checkTensor(tensor, false, where);
  }
  if (optimizer) checkOptimizer(optimizer, trainable, where);
  checkProperties(properties, where);
}

/** Checks that the name is usable and new, and notes it in `seen`. */
export function checkName(name: string, seen: Set<string>, where: string): void {
  if (name === '' || /\p{Surrogate}/u.test(name)) {
    throw new ArtifactError(
      where,
      `expected a name of well-formed text, got ${JSON.stringify(name)} — give it a name`,
    );
  }
  if (seen.has(name)) {
    throw new ArtifactError(
      where,
      `expected each name once, got "${name}" twice — the runtime would take the first in silence: remove one`,
    );
  }
  seen.add(name);
}

/** Checks that a tensor's type is one that the runtime loads, float32 if it is to be trained. */
export function checkDType(dtype: DType, name: string, trainable: boolean, where: string): void {
  if (trainable && dtype !== 'float32') {
    throw new ArtifactError(
      `${where}: "${name}"`,
      `expected float32 (all that the training kernels compute in), got ${dtype} — convert it, or freeze it`,
    );
  }
  if (dtype === 'float16' || dtype === 'bfloat16') {
    throw new ArtifactError(
      `${where}: "${name}"`,
      `expected a type that the training runtime loads, got ${dtype} — widen it to float32`,
    );
  }
}

function checkTensor(tensor: NamedTensor, trainable: boolean, where: string): void {
  const { name, dtype, shape, data } = tensor;
  checkDType(dtype, name, trainable, where);
  if (!(data instanceof dtypes[dtype].array)) {
    throw new ArtifactError(
      `${where}: "${name}"`,
      `expected a ${dtypes[dtype].array.name} for ${dtype}, got ${data.constructor.name} — convert the values`,
    );
  }
  if (
    !shape.every((size) => Number.isSafeInteger(size) && size >= 0) ||
    data.length !== elementCount(shape)
  ) {
    throw new ArtifactError(
      `${where}: "${name}"`,
      `expected as many elements as [${shape.join(', ')}] has, got ${data.length} — pass the tensor's own shape`,
    );
  }
}

function checkOptimizer(optimizer: OptimizerState, trainable: readonly NamedTensor[], where: string): void {
  if (optimizer.step < 0n || optimizer.step >= 2n ** 63n) {
    throw new ArtifactError(
      `${where}: optimizer`,
      `expected a step from 0 to 2^63-1, got ${optimizer.step} — count updates from 0`,
    );
  }
  if (optimizer.states.length === 0) return;
  const sizes = new Map(trainable.map(({ name, shape }) => [name, elementCount(shape)]));
  const seen = new Set<string>();
  for (const state of optimizer.states) {
    checkName(state.name, seen, `${where}: optimizer state`);
    const size = sizes.get(state.name);
    if (size === undefined) {
      throw new ArtifactError(
        `${where}: optimizer state "${state.name}"`,
        'expected the name of a trainable parameter, got none of that name — drop the state of what is not trained',
      );
    }
    for (const momentum of momentumNames) {
      if (state[momentum].length !== size) {
        throw new ArtifactError(
          `${where}: optimizer state "${state.name}"`,
          `expected ${size} elements in ${momentum} (one per weight), got ${state[momentum].length} — restore the state of this model`,
        );
      }
    }
  }
  const missing = trainable.find(({ name }) => !seen.has(name));
  if (missing) {
    throw new ArtifactError(
      `${where}: optimizer`,
      `expected a state for every trainable parameter, got none for "${missing.name}" — add it, or pass no states at all`,
    );
  }
}

function checkProperties({ ints, floats, strings }: CheckpointProperties, where: string): void {
  const seen = new Set<string>();
  for (const name of [...ints.keys(), ...floats.keys(), ...strings.keys()]) {
    checkName(name, seen, `${where}: property`);
  }
  for (const [name, value] of ints) {
    if (BigInt.asIntN(64, value) !== value) {
      throw new ArtifactError(
        `${where}: property "${name}"`,
        `expected an int64, got ${value} — store it as text`,
      );
    }
  }
  for (const [name, value] of strings) {
    if (/\p{Surrogate}/u.test(value)) {
      throw new ArtifactError(
        `${where}: property "${name}"`,
        'expected well-formed text, got half a surrogate pair — cut text between characters',
      );
    }
  }
}
