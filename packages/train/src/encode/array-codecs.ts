import { bytesSink, vectorWriter } from '@rag/data';
import type { InputRow } from './input-row.js';
import type { VectorCodec } from './vector-codec.js';

/** The codecs of files of numbers, by format. */
export const arrayCodecs = {
  /** NumPy's array file, `<f4`, [rows, width]. */
  npy: (width: number) => writerCodec('npy', width, npyOfRows),
  /** @rag/data's own file, with the hash of each row's text. */
  ragvec: (width: number) => writerCodec('ragvec', width, ragvecOfRows),
  /** One tensor `vectors`, F32, [rows, width]. */
  safetensors: async (width: number): Promise<VectorCodec> => ({
    ...(await writerCodec('npy', width, npyOfRows)),
    header: (rows) => safetensorsHeader(rows, width),
  }),
};

/** What `@rag/data` writes, cut after the header; `headerOf` makes a header of one row one of any number. */
async function writerCodec(
  format: 'npy' | 'ragvec',
  width: number,
  headerOf: (ofOne: Uint8Array, rows: number) => Uint8Array,
): Promise<VectorCodec> {
  const written = async (vectors: Float32Array, texts: readonly string[]): Promise<Uint8Array> => {
    const sink = bytesSink('vectors');
    const writer = vectorWriter(sink, { width, format });
    await writer.append(vectors, format === 'ragvec' ? texts : undefined);
    await writer.close();
    return sink.bytes();
  };
  const one = await written(new Float32Array(width), ['']);
  const rowBytes = width * 4 + (format === 'ragvec' ? 8 : 0);
  const ofOne = one.subarray(0, one.length - rowBytes);
  return {
    group: format === 'ragvec' ? viewOf(ofOne).getUint32(28, true) : 1,
    header: (rows) => headerOf(ofOne, rows),
    encode: async (rows: readonly InputRow[], vectors) => {
      const bytes = await written(
        vectors,
        rows.map(({ text }) => text),
      );
      return bytes.subarray(ofOne.length);
    },
  };
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The count stands in the header's text, which is padded to its length by blanks and ends in a line feed. */
function npyOfRows(ofOne: Uint8Array, rows: number): Uint8Array {
  const text = new TextDecoder('latin1').decode(ofOne);
  const other = text.trimEnd().replace("'shape': (1, ", `'shape': (${rows}, `);
  const bytes = Uint8Array.from(ofOne);
  for (let i = 10; i < bytes.length - 1; i++) bytes[i] = i < other.length ? other.charCodeAt(i) : 0x20;
  return bytes;
}

/** The count is a u64 at byte 16. */
function ragvecOfRows(ofOne: Uint8Array, rows: number): Uint8Array {
  const bytes = Uint8Array.from(ofOne);
  viewOf(bytes).setBigUint64(16, BigInt(rows), true);
  return bytes;
}

/** Bytes of a header that holds any count; a multiple of 64, so that the elements stay aligned. */
const safetensorsBytes = 256;

/** https://github.com/huggingface/safetensors#format: u64 length, JSON, blanks. */
function safetensorsHeader(rows: number, width: number): Uint8Array {
  const json = JSON.stringify({
    __metadata__: { format: 'pt' },
    vectors: { dtype: 'F32', shape: [rows, width], data_offsets: [0, rows * width * 4] },
  });
  const bytes = new Uint8Array(safetensorsBytes).fill(0x20);
  viewOf(bytes).setBigUint64(0, BigInt(safetensorsBytes - 8), true);
  bytes.set(new TextEncoder().encode(json), 8);
  return bytes;
}
