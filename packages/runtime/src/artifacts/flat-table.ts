import { ArtifactError } from './error.js';

/** A flatbuffers offset is a signed 32-bit number, so no buffer is longer. */
export const maxFlatBufferBytes = 2 ** 31 - 1;

/** Names may be shared by reference: this bounds what a small hostile file can make us decode. */
const stringBudgetFactor = 4;

interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly where: string;
  /** Bytes of text that may still be decoded. */
  stringBudget: number;
}

/**
 * A table of a flatbuffer of which no byte is trusted.
 * The `flatbuffers` package has no verifier in JavaScript: here every offset, length and alignment is checked against the
 * buffer before it is followed (the rules of `flatbuffers/verifier.h`). A slot is a field's id in the schema.
 */
export class FlatTable {
  private constructor(
    private readonly source: Source,
    private readonly position: number,
    private readonly vtable: number,
    private readonly vtableBytes: number,
    private readonly tableBytes: number,
  ) {}

  /**
   * The root table of a buffer.
   * @param identifier four characters that the schema demands at bytes 4 to 7
   * @param where how errors name the buffer
   */
  static root(bytes: Uint8Array, identifier: string, where: string): FlatTable {
    if (bytes.byteLength < 12 || bytes.byteLength > maxFlatBufferBytes) {
      throw new ArtifactError(
        where,
        `expected a flatbuffer of 12 to ${maxFlatBufferBytes} bytes, got ${bytes.byteLength} — the file is truncated or no checkpoint`,
      );
    }
    const found = String.fromCharCode(...bytes.subarray(4, 8));
    if (found !== identifier) {
      throw new ArtifactError(
        where,
        `expected the file identifier ${JSON.stringify(identifier)}, got ${JSON.stringify(found)} — this is no file of that kind`,
      );
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const source = { bytes, view, where, stringBudget: bytes.byteLength * stringBudgetFactor };
    return FlatTable.at(source, follow(source, 0));
  }

  private static at(source: Source, position: number): FlatTable {
    demand(source, position, 4, 4, 'a table');
    const vtable = position - source.view.getInt32(position, true);
    demand(source, vtable, 4, 2, 'a vtable');
    const vtableBytes = source.view.getUint16(vtable, true);
    const tableBytes = source.view.getUint16(vtable + 2, true);
    demand(source, vtable, Math.max(4, vtableBytes), 2, 'a vtable');
    demand(source, position, Math.max(4, tableBytes), 4, 'a table');
    if (vtableBytes % 2 !== 0) corrupt(source, `an odd vtable length ${vtableBytes}`, vtable);
    return new FlatTable(source, position, vtable, vtableBytes, tableBytes);
  }

  private field(slot: number, size: number): number | undefined {
    const entry = 4 + 2 * slot;
    if (entry + 2 > this.vtableBytes) return undefined;
    const offset = this.source.view.getUint16(this.vtable + entry, true);
    if (offset === 0) return undefined;
    const at = this.position + offset;
    if (offset < 4 || offset + size > this.tableBytes) corrupt(this.source, 'a field outside its table', at);
    demand(this.source, at, size, size, 'a field');
    return at;
  }

  bool(slot: number): boolean {
    const at = this.field(slot, 1);
    return at !== undefined && this.source.view.getUint8(at) !== 0;
  }

  int32(slot: number): number {
    const at = this.field(slot, 4);
    return at === undefined ? 0 : this.source.view.getInt32(at, true);
  }

  float32(slot: number): number {
    const at = this.field(slot, 4);
    return at === undefined ? 0 : this.source.view.getFloat32(at, true);
  }

  int64(slot: number, absent = 0n): bigint {
    const at = this.field(slot, 8);
    return at === undefined ? absent : this.source.view.getBigInt64(at, true);
  }

  /** UTF-8 text, or undefined if the field is absent. */
  string(slot: number): string | undefined {
    const vector = this.vector(slot, 1);
    if (!vector) return undefined;
    const { source } = this;
    const end = vector.start + vector.length;
    demand(source, end, 1, 1, "a string's end");
    if (source.bytes[end] !== 0) corrupt(source, 'a string without its final zero', end);
    source.stringBudget -= vector.length;
    if (source.stringBudget < 0) corrupt(source, 'more text than its size allows', vector.start);
    try {
      return utf8.decode(source.bytes.subarray(vector.start, end));
    } catch (cause) {
      return corrupt(source, 'a string that is not UTF-8', vector.start, cause);
    }
  }

  table(slot: number): FlatTable | undefined {
    const at = this.field(slot, 4);
    return at === undefined ? undefined : FlatTable.at(this.source, follow(this.source, at));
  }

  /** A vector of tables, read one by one; undefined if the field is absent. */
  tables(slot: number): Iterable<FlatTable> | undefined {
    const vector = this.vector(slot, 4);
    if (!vector) return undefined;
    const { source } = this;
    return (function* () {
      for (let i = 0; i < vector.length; i++) {
        yield FlatTable.at(source, follow(source, vector.start + 4 * i));
      }
    })();
  }

  /** A view of a byte vector inside the buffer. */
  byteVector(slot: number): Uint8Array | undefined {
    const vector = this.vector(slot, 1);
    return vector && this.source.bytes.subarray(vector.start, vector.start + vector.length);
  }

  /**
   * A vector of int64.
   * @param most elements allowed; more are an error
   */
  int64s(slot: number, most: number): bigint[] | undefined {
    const vector = this.vector(slot, 8);
    if (!vector) return undefined;
    if (vector.length > most) {
      corrupt(this.source, `${vector.length} elements where ${most} are allowed`, vector.start);
    }
    return Array.from({ length: vector.length }, (_, i) =>
      this.source.view.getBigInt64(vector.start + 8 * i, true),
    );
  }

  private vector(slot: number, elementBytes: number): { start: number; length: number } | undefined {
    const at = this.field(slot, 4);
    if (at === undefined) return undefined;
    const head = follow(this.source, at);
    demand(this.source, head, 4, 4, 'a vector');
    const length = this.source.view.getUint32(head, true);
    demand(this.source, head + 4, length * elementBytes, 4, 'a vector');
    return { start: head + 4, length };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The target of the relative offset at `at`. */
function follow(source: Source, at: number): number {
  demand(source, at, 4, 4, 'an offset');
  const offset = source.view.getUint32(at, true);
  if (offset === 0) corrupt(source, 'an offset of zero', at);
  return at + offset;
}

function demand(source: Source, at: number, size: number, alignment: number, what: string): void {
  if (at < 0 || at + size > source.bytes.byteLength) {
    corrupt(source, `${what} of ${size} bytes past the end (${source.bytes.byteLength} bytes)`, at);
  }
  if (at % alignment !== 0) corrupt(source, `${what} not aligned to ${alignment} bytes`, at);
}

function corrupt(source: Source, got: string, at: number, cause?: unknown): never {
  throw new ArtifactError(
    source.where,
    `expected a whole flatbuffer, got ${got} at byte ${at} — the file is truncated or damaged: write or copy it again`,
    { cause },
  );
}
