import { DTYPE_BYTES, type Dtype, elementCount } from './dtype.js';
import { float32ToBfloat16, float32ToFloat16 } from './float16.js';

/** Where a file's bytes go, in order. A sink that is closed holds the whole file; an aborted one leaves nothing. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** A tensor to write. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** F32 unless said. */
  readonly dtype?: Dtype;
  /**
   * Row-major float32 elements, converted to F32, F16 or BF16; or the little-endian bytes of any dtype, written as they are.
   * A function is called when its turn comes, so that the whole model need not be in memory at once.
   */
  readonly data: TensorData | (() => TensorData | Promise<TensorData>);
}

type TensorData = Float32Array | Uint8Array;

/**
 * Writes a safetensors file to a sink, tensor by tensor, and closes it; on an error it aborts the sink.
 * Order: wider dtypes first, then by name, as the format's reference writer does, so that every tensor is aligned to its
 * element width; the header is padded with spaces to a multiple of 8 bytes. Equal input gives equal bytes.
 * @throws TypeError or RangeError that names the tensor: a duplicate name, a wrong length, a value that overflows F16.
 */
export async function writeSafetensors(
  sink: ByteSink,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  try {
    const ordered = inFileOrder(tensors);
    await sink.write(headerBytes(ordered, metadata));
    for (const tensor of ordered) {
      const data = typeof tensor.data === 'function' ? await tensor.data() : tensor.data;
      await sink.write(encode(tensor, data));
    }
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** A whole safetensors file in memory; see `writeSafetensors`. */
export async function safetensorsBytes(
  tensors: Iterable<TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const sink: ByteSink = {
    async write(bytes) {
      parts.push(bytes);
    },
    async close() {},
    async abort() {},
  };
  await writeSafetensors(sink, tensors, metadata);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function inFileOrder(tensors: Iterable<TensorToWrite>): TensorToWrite[] {
  const ordered = [...tensors];
  const names = new Set<string>();
  for (const { name } of ordered) {
    if (names.has(name) || name === '__metadata__' || /\p{Surrogate}/u.test(name)) {
      throw new TypeError(
        `tensor ${JSON.stringify(name)}: expected a well-formed name used once, got a duplicate or a reserved name — rename it`,
      );
    }
    names.add(name);
  }
  return ordered.sort((a, b) => width(b) - width(a) || (a.name < b.name ? -1 : 1));
}

function width(tensor: TensorToWrite): number {
  return DTYPE_BYTES[tensor.dtype ?? 'F32'];
}

function byteLength(tensor: TensorToWrite): number {
  return elementCount(tensor.shape) * width(tensor);
}

/** Eight bytes of length, then the JSON. */
function headerBytes(ordered: TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header = new Map<string, unknown>([['__metadata__', metadata]]);
  let begin = 0;
  for (const tensor of ordered) {
    const end = begin + byteLength(tensor);
    header.set(tensor.name, {
      dtype: tensor.dtype ?? 'F32',
      shape: tensor.shape,
      data_offsets: [begin, end],
    });
    begin = end;
  }
  // An object would move integer-like names to the front.
  const members = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}

function encode(tensor: TensorToWrite, data: TensorData): Uint8Array {
  const bytes = data instanceof Float32Array ? encodeFloat32(tensor, data) : data;
  if (bytes.length !== byteLength(tensor)) {
    throw new RangeError(
      `tensor ${JSON.stringify(tensor.name)}: expected ${byteLength(tensor)} bytes (${tensor.dtype ?? 'F32'} × [${tensor.shape}]), got ${bytes.length} — pass all of its elements`,
    );
  }
  return bytes;
}

function encodeFloat32(tensor: TensorToWrite, data: Float32Array): Uint8Array {
  const dtype = tensor.dtype ?? 'F32';
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw new TypeError(
      `tensor ${JSON.stringify(tensor.name)}: expected F32, F16 or BF16 for float32 elements, got ${dtype} — pass its bytes`,
    );
  }
  if (dtype === 'F32') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const codes = dtype === 'F16' ? float32ToFloat16(data) : float32ToBfloat16(data);
  const infinity = dtype === 'F16' ? 0x7c00 : 0x7f80;
  const overflow = codes.findIndex((code, i) => (code & 0x7fff) === infinity && Number.isFinite(data[i]));
  if (overflow >= 0) {
    throw new RangeError(
      `tensor ${JSON.stringify(tensor.name)}: expected values within ${dtype}, got ${data[overflow]} at element ${overflow} — write it as F32`,
    );
  }
  return new Uint8Array(codes.buffer);
}
