import { DTYPE_BYTES, type Dtype, elementCount, toFloat32 } from './dtype.js';
import type { FileSource } from './file-source.js';
import { MAX_PICKLE_BYTES, type PickleReader, unpickle } from './pickle.js';
import { describe, isKind, type PickleValue } from './pickle-value.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { readZipDirectory, type ZipEntry, zipDataOffset } from './zip.js';

/** One tensor of a file that `torch.save` wrote. */
export interface PytorchTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The file that holds it, relative to its source. */
  readonly file: string;
  /** The elements as float32, row-major, whatever the strides in the file; see `toFloat32` for what each dtype becomes. */
  read(): Promise<Float32Array<ArrayBuffer>>;
}

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

interface Storage {
  readonly dtype: Dtype;
  readonly entry: ZipEntry;
  /** Elements. */
  readonly count: number;
}

interface StoredTensor {
  readonly storage: Storage;
  /** Elements from the start of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements. */
  readonly strides: readonly number[];
}

/**
 * Reads the names, shapes and dtypes of a state dict that `torch.save` wrote (`pytorch_model.bin`, `colbert_linear.pt`);
 * elements stay where they are until `read`. The pickle inside is interpreted, never executed: a global other than those
 * that tensors need is an error that names it. Files of torch before 1.6 (no zip), TorchScript and big-endian files are
 * errors that say how to convert. Source: torch/serialization.py.
 * @throws PytorchFileError
 */
export async function readPytorchFile(
  source: FileSource,
  file: string,
): Promise<ReadonlyMap<string, PytorchTensor>> {
  await refuseLegacy(source, file);
  const entries = await readZipDirectory(source, file);
  const root = archiveFolder(entries, file);
  const content = async (name: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const entry = entries.get(`${root}${name}`);
    if (entry === undefined) return undefined;
    if (entry.size > limit) {
      throw new PytorchFileError(file, `${name}: expected at most ${limit} bytes, got ${entry.size}`);
    }
    return source.read(file, await zipDataOffset(source, file, entry), entry.size);
  };
  const order = await content('byteorder', 16);
  if (order !== undefined && new TextDecoder().decode(order) !== 'little') {
    throw new PytorchFileError(
      file,
      `expected little-endian data, got byteorder ${JSON.stringify(new TextDecoder().decode(order))}`,
      'load and save it again on a little-endian machine, or as safetensors',
    );
  }
  const pickle = (await content('data.pkl', MAX_PICKLE_BYTES)) as Uint8Array<ArrayBuffer>;
  const state = unpickle(pickle, file, stateDictReader(entries, root, file));
  if (!isKind(state, 'dict')) {
    throw new PytorchFileError(
      file,
      `expected a state dict, got ${describe(state)}`,
      'save model.state_dict() instead',
    );
  }
  const tensors = new Map<string, PytorchTensor>();
  for (const [name, value] of state.items) {
    if (typeof name !== 'string' || !isKind(value, 'object') || value.type !== 'tensor') {
      throw new PytorchFileError(
        file,
        `expected names with tensors, got ${describe(value)} under ${describe(name)}`,
        'save the state dict alone',
      );
    }
    const { storage, shape, ...rest } = value.value as StoredTensor;
    const stored = { storage, shape, ...rest };
    const read = () => readStored(source, file, name, stored);
    tensors.set(name, { name, dtype: storage.dtype, shape, file, read });
  }
  return tensors;
}

async function refuseLegacy(source: FileSource, file: string): Promise<void> {
  const size = await source.size(file);
  const head = await source.read(file, 0, Math.min(size, 4));
  if (head[0] === 0x50 && head[1] === 0x4b) return;
  const what = head[0] === 0x80 ? 'a bare pickle, as torch wrote before 1.6' : 'other bytes';
  throw new PytorchFileError(
    file,
    `expected a zip archive of torch.save, got ${what}`,
    head[0] === 0x80
      ? 'in Python: torch.save(torch.load(path, weights_only=True), path), or safetensors.torch.save_file'
      : undefined,
  );
}

/** The one folder that holds `data.pkl`, with its slash: `archive/`, or the name that the file had when it was saved. */
function archiveFolder(entries: ReadonlyMap<string, ZipEntry>, file: string): string {
  const folders = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (folders.length !== 1) {
    throw new PytorchFileError(file, `expected one <folder>/data.pkl in the archive, got ${folders.length}`);
  }
  const root = folders[0]!.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new PytorchFileError(
      file,
      'expected a state dict, got a TorchScript program',
      'save module.state_dict() with torch.save, or as safetensors',
    );
  }
  return root;
}

function stateDictReader(entries: ReadonlyMap<string, ZipEntry>, root: string, file: string): PickleReader {
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
  return {
    globals: new Map([
      ['collections.OrderedDict', orderedDict],
      ['torch._utils._rebuild_tensor_v2', (args: readonly PickleValue[]) => tensor(args, fail)],
      ['torch._utils._rebuild_parameter', parameter],
      ...Object.keys(STORAGES).map((name) => [name, undefined] as const),
    ]),
    persistent(id) {
      const [tag, type, key, location, count] = isKind(id, 'tuple') ? id.items : [];
      if (tag !== 'storage' || typeof key !== 'string' || typeof location !== 'string' || !isCount(count)) {
        return fail(`expected a persistent id of a storage, got ${describe(id)} of ${describe(tag)}`);
      }
      const dtype = isKind(type, 'global') && Object.hasOwn(STORAGES, type.name) && STORAGES[type.name];
      if (!dtype) return fail(`expected a storage class, got ${describe(type)}`);
      const entry = entries.get(`${root}data/${key}`);
      if (entry === undefined) return fail(`expected the storage data/${key} in the archive, got none`);
      if (entry.size !== count * DTYPE_BYTES[dtype]) {
        return fail(`data/${key}: expected ${count} elements of ${dtype}, got ${entry.size} bytes`);
      }
      return { kind: 'object', type: 'storage', value: { dtype, entry, count } satisfies Storage };
    },
  };
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
  const whole = isKind(size, 'tuple') && isKind(stride, 'tuple') && isCount(offset);
  if (!whole || !shape.every(isCount) || !strides.every(isCount) || strides.length !== shape.length) {
    return fail(`expected a shape and as many strides, got ${describe(size)} and ${describe(stride)}`);
  }
  if (shape.length > MAX_RANK) return fail(`expected at most ${MAX_RANK} dimensions, got ${shape.length}`);
  const storage = stored.value as Storage;
  const count = elementCount(shape);
  const last = count === 0 ? -1 : shape.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 0);
  const label = `tensor [${shape}] with strides [${strides}] from element ${offset} of data/${storage.entry.name.split('/').pop()}`;
  // A view that repeats elements (stride 0) could ask for any size; a state dict has none.
  if (!(count <= storage.count) || !(offset + last < storage.count)) {
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

async function readStored(
  source: FileSource,
  file: string,
  name: string,
  { storage, offset, shape, strides }: StoredTensor,
): Promise<Float32Array<ArrayBuffer>> {
  const where = `${file}: tensor ${JSON.stringify(name)}`;
  const width = DTYPE_BYTES[storage.dtype];
  const count = elementCount(shape);
  const out = new Float32Array(count);
  if (count === 0) return out;
  const begin = (await zipDataOffset(source, file, storage.entry)) + offset * width;
  const read = async (at: number, length: number) =>
    toFloat32(await source.read(file, begin + at * width, length * width), storage.dtype, where);
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
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
