import type { TokenVectors } from '@rag/colbert';
import type { ByteSource } from '@rag/data';

/** Bytes that are read at once. */
const readBytes = 1 << 22;

/** Vectors one after the other: their number as u32, then [tokens, dim] float32, little-endian. */
export function formatVectorRecords(list: readonly TokenVectors[]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, { data }) => sum + 4 + 4 * data.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { data, tokens } of list) {
    view.setUint32(at, tokens, true);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at + 4);
    at += 4 + data.byteLength;
  }
  return bytes;
}

/**
 * Reads records in order, in the memory of one and of a few MiB.
 * @throws RangeError for a file that does not hold `count` of them
 */
export async function* readVectorRecords(
  source: ByteSource,
  dim: number,
  count: number,
): AsyncGenerator<TokenVectors, void, undefined> {
  let held: Uint8Array = new Uint8Array(0);
  let at = 0;
  let position = 0;
  const refuse = (got: string): never => {
    throw new RangeError(
      `${source.name}: expected the vectors of ${count} passages, ${dim} elements each, got ${got} — pass --overwrite to encode again`,
    );
  };
  /** The next bytes, valid until more are taken. */
  const take = async (length: number): Promise<Uint8Array> => {
    if (held.length - at < length) {
      const rest = held.subarray(at);
      if (source.size - position < length - rest.length) refuse('a file that ends before');
      const more = await source.read(position, Math.max(readBytes, length - rest.length));
      position += more.length;
      held = new Uint8Array(rest.length + more.length);
      held.set(rest);
      held.set(more, rest.length);
      at = 0;
      if (held.length < length) refuse('a file that ends before');
    }
    at += length;
    return held.subarray(at - length, at);
  };
  for (let i = 0; i < count; i++) {
    const head = await take(4);
    const tokens = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
    if (tokens < 1) refuse('a passage without vectors');
    const data = new Float32Array(
      tokens * dim <= source.size / 4 ? tokens * dim : refuse(`${tokens} vectors of one passage`),
    );
    new Uint8Array(data.buffer).set(await take(data.byteLength));
    yield { data, tokens, dim };
  }
  if (position - (held.length - at) !== source.size) refuse('bytes behind them');
}
