import { DTYPE_BYTES, type Dtype, elementCount } from './dtype.js';
import type { FileSource } from './file-source.js';
import { describe, isKind, type PickleValue } from './pickle-value.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { legacyMagicEnd, readPytorchLegacy } from './pytorch-legacy.js';
import { readPytorchZip } from './pytorch-zip.js';
import { isContiguous, readStoredTensor, type StateDictParts, type StoredTensor } from './state-dict.js';

/** One tensor of a file that `torch.save` wrote. */
export interface PytorchTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The file that holds it, relative to its source. */
  readonly file: string;
  /** Where its elements lie one after another, row-major and little-endian, in bytes; undefined for a view that skips some. */
  readonly place: { readonly offset: number; readonly length: number } | undefined;
  /** The elements as float32, row-major, whatever the strides in the file; see `toFloat32` for what each dtype becomes. */
  read(): Promise<Float32Array<ArrayBuffer>>;
}

/** Bytes that tell the formats apart. */
const HEAD = 32;

/**
 * Reads the names, shapes and dtypes of a state dict that `torch.save` wrote, in the zip form or in that from before torch 1.6
 * (`pytorch_model.bin`, `colbert_linear.pt`, `sparse_linear.pt`); elements stay where they are until `read`. The pickle inside is
 * interpreted, never executed: a global other than those that tensors need is an error that names it. Tied tensors are several
 * names for one place. TorchScript, big-endian files and checkpoints that nest the state dict are errors that say what to do.
 * @throws PytorchFileError
 */
export async function readPytorchFile(
  source: FileSource,
  file: string,
): Promise<ReadonlyMap<string, PytorchTensor>> {
  const { state, begins } = await readParts(source, file);
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
        adviceFor(name, value),
      );
    }
    const stored = value.value as StoredTensor;
    const { storage, offset, shape, strides } = stored;
    const begin = begins.get(storage.key) as number;
    const width = DTYPE_BYTES[storage.dtype];
    const place = isContiguous(shape, strides)
      ? { offset: begin + offset * width, length: elementCount(shape) * width }
      : undefined;
    const read = () => readStoredTensor(source, file, name, stored, begin);
    tensors.set(name, { name, dtype: storage.dtype, shape, file, place, read });
  }
  return tensors;
}

async function readParts(source: FileSource, file: string): Promise<StateDictParts> {
  const head = await source.read(file, 0, Math.min(await source.size(file), HEAD));
  if (head[0] === 0x50 && head[1] === 0x4b) return readPytorchZip(source, file);
  const magicEnd = legacyMagicEnd(head);
  if (magicEnd !== undefined) return readPytorchLegacy(source, file, magicEnd);
  if (new TextDecoder().decode(head).startsWith('version https://git-lfs'))
    throw new PytorchFileError(
      file,
      'expected a file of torch.save, got a Git LFS pointer',
      'git lfs pull, in its folder, fetches the file',
    );
  throw new PytorchFileError(
    file,
    `expected a file of torch.save, got ${head[0] === 0x80 ? 'a pickle of something else' : 'other bytes'}`,
    head[0] === 0x80 ? 'save the state dict with torch.save, or as safetensors' : undefined,
  );
}

/** A training checkpoint holds its state dict under a key. */
function adviceFor(name: unknown, value: PickleValue): string {
  const nested =
    isKind(value, 'dict') &&
    [...value.items.values()].some((item) => isKind(item, 'object') && item.type === 'tensor');
  return nested
    ? `in Python: torch.save(torch.load(path, weights_only=True)[${JSON.stringify(String(name).slice(0, 60))}], path)`
    : 'save the state dict alone';
}
