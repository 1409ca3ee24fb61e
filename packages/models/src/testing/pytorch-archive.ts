/** What {@link pickleOf} writes: arrays are tuples. */
type Pickled =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | { readonly dict: Record<string, unknown> }
  | { readonly global: string }
  | { readonly call: string; readonly args: readonly unknown[] }
  | { readonly persistent: readonly unknown[] };

/** A pickle of protocol 2 with whatever it is told to name or call, so that readers can be shown bad ones. */
export function pickleOf(value: unknown): Uint8Array {
  return Uint8Array.of(0x80, 2, ...opcodes(value as Pickled), 0x2e);
}

const line = (text: string) => [...new TextEncoder().encode(text), 0x0a];

function opcodes(value: Pickled): number[] {
  if (value === null) return [0x4e];
  if (typeof value === 'boolean') return [value ? 0x88 : 0x89];
  if (typeof value === 'number') return [0x4a, ...uint(4, value)];
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    return [0x58, ...uint(4, bytes.length), ...bytes];
  }
  if (Array.isArray(value)) return [0x28, ...value.flatMap((item) => opcodes(item as Pickled)), 0x74];
  if ('dict' in value) {
    const items = Object.keys(value.dict).flatMap((key) => [
      ...opcodes(key),
      ...opcodes(value.dict[key] as Pickled),
    ]);
    return [0x7d, 0x28, ...items, 0x75];
  }
  if ('global' in value) return global(value.global);
  if ('call' in value) return [...global(value.call), ...opcodes(value.args), 0x52];
  if ('persistent' in value) return [...opcodes(value.persistent), 0x51];
  throw new TypeError(`expected something to pickle, got ${JSON.stringify(value)}`);
}

function global(name: string): number[] {
  const dot = name.lastIndexOf('.');
  return [0x63, ...line(name.slice(0, dot)), ...line(name.slice(dot + 1))];
}

/** What can be wrong with the entries that {@link storedZip} writes. */
export interface ZipFaults {
  readonly method?: number;
  readonly flags?: number;
  /** Bytes that the central directory claims instead of the real ones. */
  readonly size?: number;
  readonly packed?: number;
  readonly headerOffset?: number;
  /** Entries that the end record claims. */
  readonly count?: number;
  readonly directoryLength?: number;
  /** Names written again. */
  readonly twice?: boolean;
  readonly extra?: readonly number[];
  readonly comment?: string;
  /** Sizes and offsets in zip64 fields. */
  readonly zip64?: boolean;
}

/** A zip archive of stored entries, sound unless told otherwise. */
export function storedZip(files: Record<string, Uint8Array>, faults: ZipFaults = {}): Uint8Array {
  const out: number[] = [];
  const directory: number[] = [];
  const entries = Object.entries(files);
  const { flags = 0, method = 0, zip64 = false } = faults;
  for (const [name, data] of faults.twice ? [...entries, ...entries] : entries) {
    const bytes = new TextEncoder().encode(name);
    const size = faults.size ?? data.length;
    const packed = faults.packed ?? size;
    const at = faults.headerOffset ?? out.length;
    const long = zip64
      ? [...uint(2, 1), ...uint(2, 24), ...uint(8, size), ...uint(8, packed), ...uint(8, at)]
      : [];
    const extra = [...long, ...(faults.extra ?? [])];
    const fields = zip64 ? [0xffffffff, 0xffffffff, 0xffffffff] : [packed, size, at];
    directory.push(
      ...[0x50, 0x4b, 1, 2, 0, 0, 0, 0, ...uint(2, flags), ...uint(2, method), ...uint(8, 0)],
      ...uint(4, fields[0]!),
      ...uint(4, fields[1]!),
      ...uint(2, bytes.length),
      ...uint(2, extra.length),
      ...uint(10, 0),
      ...uint(4, fields[2]!),
      ...bytes,
      ...extra,
    );
    out.push(0x50, 0x4b, 3, 4, ...uint(22, 0), ...uint(2, bytes.length), 0, 0, ...bytes, ...data);
  }
  const count = faults.count ?? directoryCount(entries.length, faults);
  const length = faults.directoryLength ?? directory.length;
  const offset = out.length;
  const comment = new TextEncoder().encode(faults.comment ?? '');
  const end64 = [
    ...[0x50, 0x4b, 6, 6, ...uint(8, 44), ...uint(12, 0), ...uint(8, count), ...uint(8, count)],
    ...[...uint(8, length), ...uint(8, offset), 0x50, 0x4b, 6, 7, ...uint(4, 0)],
    ...[...uint(8, offset + directory.length), ...uint(4, 1)],
  ];
  const fields = zip64
    ? [...uint(2, 0xffff), ...uint(2, 0xffff), ...uint(4, 0xffffffff), ...uint(4, 0xffffffff)]
    : [...uint(2, count), ...uint(2, count), ...uint(4, length), ...uint(4, offset)];
  return Uint8Array.from([
    ...out,
    ...directory,
    ...(zip64 ? end64 : []),
    ...[0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...fields, ...uint(2, comment.length), ...comment],
  ]);
}

const directoryCount = (entries: number, faults: ZipFaults) => (faults.twice ? 2 * entries : entries);

/** A little-endian number of `width` bytes. */
export function uint(width: number, value: number): number[] {
  return Array.from({ length: width }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}
