import { DTYPE_BYTES, type Dtype, elementCount, toFloat32 } from './dtype.js';
import type { FileSource } from './file-source.js';
import type { PickleReader } from './pickle.js';
import { describe, isKind, type PickleValue } from './pickle-value.js';
import { PytorchFileError } from './pytorch-file-error.js';

/** The dtype of each storage class of torch that safetensors can name too. */
const STORAGES: Readonly<Record<string, Dtype>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** Elements converted at a time, so that a large half-precision tensor is never held twice. */
const CONVERSION_CHUNK = 1 << 24;
const MAX_RANK = 64;
/** torch's keys are counters and addresses. */
const MAX_KEY_LENGTH = 64;
/** Each takes a read of the file when it is opened. */
const MAX_STORAGES = 1 << 16;

/** Memory that tensors share, as the pickle names it. */
export interface Storage {
  readonly key: string;
  readonly dtype: Dtype;
  /** Elements. */
  readonly count: number;
}

/** A tensor's view of its storage. */
export interface StoredTensor {
  readonly storage: Storage;
  /** Elements from the start of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements. */
  readonly strides: readonly number[];
}

/** What a container of `torch.save` gives: the pickled object, and where each storage that it names begins. */
export interface StateDictParts {
  readonly state: PickleValue;
  /** Bytes from the start of the file, by the storage's key. */
  readonly begins: ReadonlyMap<string, number>;
}

/** Lets a pickle name storages and build tensors over them, nothing else; collects the storages by their keys. */
export function stateDictReader(file: string): {
  readonly reader: PickleReader;
  readonly storages: ReadonlyMap<string, Storage>;
} {
  const fail = (problem: string): never => {
    throw new PytorchFileError(file, problem);
  };
  const orderedDict = (args: readonly PickleValue[]): PickleValue =>
    args.length === 0
      ? { kind: 'dict', ordered: true, items: new Map() }
      : fail(`expected an OrderedDict without arguments, got ${args.length}`);
  const parameter = ([data, requiresGrad, hooks]: readonly PickleValue[]): PickleValue => {
    if (!isKind(data, 'object') || data.type !== 'tensor' || typeof requiresGrad !== 'boolean') {
      return fail(`expected a parameter of a tensor, got one of ${describe(data)}`);
    }
    refuseExtras(hooks, fail);
    return data;
  };
  const storages = new Map<string, Storage>();
  const reader: PickleReader = {
    globals: new Map([
      ['collections.OrderedDict', orderedDict],
      ['torch._utils._rebuild_tensor_v2', (args: readonly PickleValue[]) => tensor(args, fail)],
      ['torch._utils._rebuild_parameter', parameter],
      ...Object.keys(STORAGES).map((name) => [name, undefined] as const),
    ]),
    persistent(id) {
      const [tag, type, key, location, count, view = null] = isKind(id, 'tuple') ? id.items : [];
      if (tag !== 'storage' || typeof key !== 'string' || typeof location !== 'string' || !isCount(count)) {
        return fail(`expected a persistent id of a storage, got ${describe(id)} of ${describe(tag)}`);
      }
      const dtype = isKind(type, 'global') && Object.hasOwn(STORAGES, type.name) && STORAGES[type.name];
      if (!dtype) return fail(`expected a storage class, got ${describe(type)}`);
      if (key.length > MAX_KEY_LENGTH)
        return fail(`expected storage keys of at most ${MAX_KEY_LENGTH} characters`);
      if (view !== null) return fail('expected whole storages, got a view of one as torch wrote before 0.4');
      const storage = storages.get(key) ?? { key, dtype, count };
      if (storage.dtype !== dtype || storage.count !== count) {
        return fail(
          `storage ${key}: expected ${storage.count} elements of ${storage.dtype} as before, got ${count} of ${dtype}`,
        );
      }
      storages.set(key, storage);
      if (storages.size > MAX_STORAGES) return fail(`expected at most ${MAX_STORAGES} storages, got more`);
      return { kind: 'object', type: 'storage', value: storage };
    },
  };
  return { reader, storages };
}

/** `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata?)`. */
function tensor(args: readonly PickleValue[], fail: (problem: string) => never): PickleValue {
  const [stored, offset, size, stride, requiresGrad, hooks, metadata] = args;
  if (!isKind(stored, 'object') || stored.type !== 'storage' || typeof requiresGrad !== 'boolean') {
    return fail(`expected a tensor over a storage, got one over ${describe(stored)}`);
  }
  refuseExtras(hooks, fail);
  refuseExtras(metadata ?? null, fail);
  const shape = isKind(size, 'tuple') ? size.items : [];
  const strides = isKind(stride, 'tuple') ? stride.items : [];
  if (shape.length > MAX_RANK) return fail(`expected at most ${MAX_RANK} dimensions, got ${shape.length}`);
  const whole = isKind(size, 'tuple') && isKind(stride, 'tuple') && isCount(offset);
  if (!whole || !shape.every(isCount) || strides.length !== shape.length || !strides.every(isCount)) {
    return fail(`expected a shape and as many strides, got ${describe(size)} and ${describe(stride)}`);
  }
  const storage = stored.value as Storage;
  const count = elementCount(shape);
  const last = count === 0 ? -1 : shape.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 0);
  // A view that repeats elements (stride 0) could ask for any size; a state dict has none.
  if (!(count <= storage.count) || !(offset + last < storage.count)) {
    const label = `tensor [${shape}] with strides [${strides}] from element ${offset} of data/${storage.key}`;
    return fail(`${label}: expected it inside the ${storage.count} elements of its storage`);
  }
  return {
    kind: 'object',
    type: 'tensor',
    value: { storage, offset, shape, strides } satisfies StoredTensor,
  };
}

/** Backward hooks and metadata (conjugate, negative bit) would change what a tensor means. */
function refuseExtras(value: PickleValue | undefined, fail: (problem: string) => never): void {
  const empty = value === null || (isKind(value, 'dict') && value.items.size === 0);
  if (!empty) fail(`expected tensors without hooks or metadata, got ${describe(value)}`);
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The elements as float32, row-major, whatever the strides. `begin`: bytes from the start of the file to the storage. */
export async function readStoredTensor(
  source: FileSource,
  file: string,
  name: string,
  { storage, offset, shape, strides }: StoredTensor,
  begin: number,
): Promise<Float32Array<ArrayBuffer>> {
  const where = `${file}: tensor ${JSON.stringify(name)}`;
  const width = DTYPE_BYTES[storage.dtype];
  const count = elementCount(shape);
  const out = new Float32Array(count);
  if (count === 0) return out;
  const first = begin + offset * width;
  const read = async (at: number, length: number) =>
    toFloat32(await source.read(file, first + at * width, length * width), storage.dtype, where);
  if (isContiguous(shape, strides)) {
    for (let at = 0; at < count; at += CONVERSION_CHUNK) {
      out.set(await read(at, Math.min(CONVERSION_CHUNK, count - at)), at);
    }
    return out;
  }
  const span = shape.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 1);
  const values = await read(0, span);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, from = 0; i < count; i++) {
    out[i] = values[from]!;
    // The next element in row-major order: the last axis turns fastest, a full axis starts again.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** True when the elements lie in row-major order; the stride of an axis of one element says nothing. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
