import { DTYPE_BYTES, type Dtype, elementCount, isDtype, toFloat32 } from './dtype.js';
import { findDuplicateKey } from './duplicate-key.js';
import { describeJson, type FileSource, isJsonObject } from './file-source.js';
import { jsonDepth } from './json-depth.js';

/** One tensor of a safetensors file: where its little-endian bytes lie. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The file that holds it, relative to its source. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** A safetensors file (or shard index) that breaks the format. */
export class SafetensorsError extends Error {
  override name = 'SafetensorsError';
  constructor(
    readonly file: string,
    readonly problem: string,
    /** The tensor at fault, when one can be named. */
    readonly tensor?: string,
    options?: ErrorOptions,
  ) {
    const where = tensor === undefined ? file : `${file}: tensor ${describeJson(tensor)}`;
    super(`${where}: ${problem} — fetch or write the file again`, options);
  }
}

/**
 * The largest JSON header that is read, in bytes: that of 300,000 tensors. The format allows 100 MB, of which a hostile one takes
 * gigabytes when it is parsed.
 */
export const MAX_HEADER_BYTES = 1 << 25;
/** `{ name: { "shape": [ … ] } }`. */
const HEADER_DEPTH = 3;

/**
 * The first 8 bytes of the pointer that Git LFS leaves in place of a file it has not fetched; as a header's length they are
 * over the limit. Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
 */
const LFS_POINTER_START = 'version ';

/** Elements converted at a time, so that a large half-precision tensor is never held twice. */
const CONVERSION_CHUNK = 1 << 24;

/**
 * Reads and checks the header of a safetensors file; tensor data stays where it is.
 * Checked: header length, UTF-8, JSON, duplicate names, dtypes, byte lengths, and that the tensors cover the data without
 * gap or overlap. Format: https://github.com/huggingface/safetensors#format
 * @throws SafetensorsError
 */
export async function readSafetensorsHeader(source: FileSource, file: string): Promise<SafetensorsHeader> {
  const size = await source.size(file);
  if (size < 8) throw new SafetensorsError(file, `expected at least 8 bytes, got ${size}`);
  const prefix = await source.read(file, 0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    if (new TextDecoder().decode(prefix) === LFS_POINTER_START)
      throw new SafetensorsError(file, 'expected tensors, got a Git LFS pointer (git lfs pull fetches them)');
    throw new SafetensorsError(file, `expected a header of at most ${MAX_HEADER_BYTES} bytes, got ${length}`);
  }
  if (Number(length) > size - 8) {
    throw new SafetensorsError(
      file,
      `expected a header inside the file of ${size} bytes, got ${length} bytes of header`,
    );
  }
  const bytes = await source.read(file, 8, Number(length));
  let json: string;
  let header: unknown;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(json);
  } catch (cause) {
    const problem = `expected a JSON header, got something else (${(cause as Error).message})`;
    throw new SafetensorsError(file, problem, undefined, { cause });
  }
  if (!isJsonObject(header) || bytes[0] !== 0x7b) {
    throw new SafetensorsError(
      file,
      `expected a header that starts with "{", got ${describeJson(json.slice(0, 20))}`,
    );
  }
  const depth = jsonDepth(json);
  if (depth > HEADER_DEPTH) {
    throw new SafetensorsError(file, `expected a header nested at most ${HEADER_DEPTH} deep, got ${depth}`);
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate !== undefined) {
    throw new SafetensorsError(
      file,
      `expected each key of the header once, got ${describeJson(duplicate)} twice`,
    );
  }
  return checkHeader(header, file, 8 + Number(length), size);
}

function checkHeader(
  header: Record<string, unknown>,
  file: string,
  dataStart: number,
  fileSize: number,
): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...fields } = header;
  if (!isJsonObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new SafetensorsError(
      file,
      `expected "__metadata__" to map strings to strings, got ${describeJson(metadata)}`,
    );
  }
  const entries = Object.entries(fields).map(([name, value]) => checkEntry(name, value, file, dataStart));
  entries.sort((a, b) => a.offset - b.offset || a.length - b.length);
  let end = dataStart;
  for (const { name, offset, length } of entries) {
    if (offset !== end) {
      const relation = offset < end ? 'an overlap with' : 'a gap after';
      throw new SafetensorsError(
        file,
        `expected its data at byte ${end - dataStart}, got ${offset - dataStart}, ${relation} the tensor before it`,
        name,
      );
    }
    end += length;
  }
  if (end !== fileSize) {
    throw new SafetensorsError(
      file,
      `expected ${end - dataStart} bytes of data by its header, got ${fileSize - dataStart}`,
    );
  }
  return {
    metadata: metadata as Record<string, string>,
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
  };
}

function checkEntry(name: string, value: unknown, file: string, dataStart: number): TensorEntry {
  const fail = (what: string, got: unknown): never => {
    throw new SafetensorsError(file, `expected ${what}, got ${describeJson(got)}`, name);
  };
  if (!isJsonObject(value)) return fail('an object', value);
  const { dtype, shape, data_offsets, ...rest } = value;
  if (Object.keys(rest).length > 0) fail('only dtype, shape and data_offsets', rest);
  if (!isDtype(dtype)) return fail(`one of the dtypes ${Object.keys(DTYPE_BYTES).join(' ')}`, dtype);
  if (!isCounts(shape)) return fail('a shape of non-negative whole numbers', shape);
  if (!isCounts(data_offsets) || data_offsets.length !== 2) {
    return fail('data_offsets of two non-negative whole numbers', data_offsets);
  }
  const [begin, end] = data_offsets as [number, number];
  const length = elementCount(shape) * DTYPE_BYTES[dtype];
  if (end - begin !== length) fail(`${length} bytes (${dtype} × ${describeJson(shape)})`, data_offsets);
  return { name, dtype, shape, file, offset: dataStart + begin, length };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** The bytes of one tensor as the file holds them. */
export function readTensorBytes(source: FileSource, entry: TensorEntry): Promise<Uint8Array<ArrayBuffer>> {
  return source.read(entry.file, entry.offset, entry.length);
}

/**
 * The elements of one tensor as float32, row-major; see `toFloat32` for what each dtype becomes and which are errors.
 */
export async function readTensor(source: FileSource, entry: TensorEntry): Promise<Float32Array<ArrayBuffer>> {
  const where = `${entry.file}: tensor ${JSON.stringify(entry.name)}`;
  if (entry.dtype === 'F32') return toFloat32(await readTensorBytes(source, entry), 'F32', where);
  const width = DTYPE_BYTES[entry.dtype];
  const out = new Float32Array(elementCount(entry.shape));
  for (let at = 0; at < out.length; at += CONVERSION_CHUNK) {
    const count = Math.min(CONVERSION_CHUNK, out.length - at);
    const bytes = await source.read(entry.file, entry.offset + at * width, count * width);
    out.set(toFloat32(bytes, entry.dtype, where), at);
  }
  return out;
}
