/** A float32 tensor of a state dict. */
export interface StateTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * A state dict as `torch.save` writes it since 1.6, so that `torch.load(…, weights_only=True)` opens it: a zip of stored entries,
 * `archive/data.pkl` (protocol 2: an OrderedDict of tensors that are rebuilt from storages) and `archive/data/<i>`, little-endian.
 * Source: torch/serialization.py, `_save`. Equal input gives equal bytes.
 * @throws RangeError for a name or a tensor that the format's 32-bit fields cannot hold
 */
export function torchArchive(tensors: readonly StateTensor[]): Uint8Array {
  const text = (content: string) => new TextEncoder().encode(content);
  return storedZip([
    { name: 'archive/data.pkl', content: statePickle(tensors) },
    { name: 'archive/byteorder', content: text('little') },
    ...tensors.map(({ data }, i) => ({
      name: `archive/data/${i}`,
      content: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
    { name: 'archive/version', content: text('3\n') },
  ]);
}

const ascii = (text: string): number[] => Array.from(new TextEncoder().encode(text));

/** Little-endian. */
const uint = (bytes: number, value: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) & 255);

/** Opcodes of the pickle protocol, by their names in pickletools. */
const op = {
  proto: 0x80,
  global: 0x63,
  emptyTuple: 0x29,
  reduce: 0x52,
  mark: 0x28,
  tuple: 0x74,
  unicode: 0x58,
  int: 0x4a,
  false: 0x89,
  persistentId: 0x51,
  setItems: 0x75,
  stop: 0x2e,
} as const;

function statePickle(tensors: readonly StateTensor[]): Uint8Array {
  const string = (text: string) => [op.unicode, ...uint(4, ascii(text).length), ...ascii(text)];
  const int = (value: number) => [op.int, ...uint(4, value)];
  const global = (module: string, name: string) => [op.global, ...ascii(`${module}\n${name}\n`)];
  const tuple = (...items: readonly number[][]) => [op.mark, ...items.flat(), op.tuple];
  const ordered = () => [...global('collections', 'OrderedDict'), op.emptyTuple, op.reduce];
  const items = tensors.flatMap(({ name, shape, data }, i) => {
    if (data.length >= 2 ** 31 || data.length !== shape.reduce((count, size) => count * size, 1))
      throw new RangeError(
        `${name}: expected [${shape}] elements, fewer than 2^31, got ${data.length} — save as safetensors`,
      );
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((count, size) => count * size, 1));
    const storage = tuple(
      string('storage'),
      global('torch', 'FloatStorage'),
      string(String(i)),
      string('cpu'),
      int(data.length),
    );
    return [
      ...string(name),
      ...global('torch._utils', '_rebuild_tensor_v2'),
      ...tuple(
        [...storage, op.persistentId],
        int(0),
        tuple(...shape.map(int)),
        tuple(...strides.map(int)),
        [op.false],
        ordered(),
      ),
      op.reduce,
    ];
  });
  return Uint8Array.of(op.proto, 2, ...ordered(), op.mark, ...items, op.setItems, op.stop);
}

interface Entry {
  readonly name: string;
  readonly content: Uint8Array;
}

/** PKZIP APPNOTE 6.3: local headers with stored contents, each at a multiple of 64 bytes as torch aligns them, the central directory, its end. */
function storedZip(entries: readonly Entry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: number[] = [];
  let at = 0;
  const push = (bytes: Uint8Array) => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const { name, content } of entries) {
    const start = at;
    // An extra field "FB" of the length that is missing to the next 64 bytes.
    const padding = (64 - ((start + 30 + name.length + 4) % 64)) % 64;
    const extra = [...ascii('FB'), ...uint(2, padding), ...new Array<number>(padding).fill(0x5a)];
    // Version 0, no flags, stored, no time, the first day that the format knows.
    const common = [
      ...[uint(2, 0), uint(2, 0), uint(2, 0), uint(2, 0), uint(2, 0x21)].flat(),
      ...uint(4, crc32(content)),
      ...uint(4, content.length),
      ...uint(4, content.length),
      ...uint(2, name.length),
    ];
    push(
      Uint8Array.of(...ascii('PK\x03\x04'), ...common, ...uint(2, extra.length), ...ascii(name), ...extra),
    );
    push(content);
    directory.push(
      ...ascii('PK\x01\x02'),
      ...uint(2, 0),
      ...common,
      // No extra field, no comment, disk 0, no attributes.
      ...uint(12, 0),
      ...uint(4, start),
      ...ascii(name),
    );
  }
  const start = at;
  if (start >= 2 ** 32 - 1)
    throw new RangeError(`state dict: expected less than 4 GiB, got ${start} bytes — save as safetensors`);
  push(Uint8Array.from(directory));
  push(
    Uint8Array.of(
      ...ascii('PK\x05\x06'),
      ...uint(4, 0),
      ...uint(2, entries.length),
      ...uint(2, entries.length),
      ...uint(4, directory.length),
      ...uint(4, start),
      ...uint(2, 0),
    ),
  );
  const archive = new Uint8Array(at);
  let offset = 0;
  for (const part of parts) {
    archive.set(part, offset);
    offset += part.length;
  }
  return archive;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** CRC-32 of ISO 3309, as zip has it. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
