import type { ByteSource } from './byte-source.js';
import { DataError, type Position } from './data-error.js';
import { jsonFault } from './json-fault.js';
import { decodeUtf8 } from './utf8.js';

/** One line of a file, without its line end; `bytes` are valid until the next line is asked for. */
export interface Line {
  readonly at: Position & { readonly line: number };
  /** Byte offset of the line in the source. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface LinesOptions {
  /** Longest line accepted, in bytes. @default 134_217_728 (128 MiB) */
  readonly maxLineBytes?: number;
}

/** File openings that are not JSON text: signature, fault, what it is, what to do. */
const signatures = [
  [[0x1f, 0x8b], 'compressed', 'a gzip file', 'decompress it first (gunzip)'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed', 'a zstd file', 'decompress it first (unzstd)'],
  [[0x50, 0x4b, 0x03, 0x04], 'compressed', 'a zip file', 'unzip it first'],
  [[0xff, 0xfe], 'utf-16', 'UTF-16 text', 'save the file as UTF-8'],
  [[0xfe, 0xff], 'utf-16', 'UTF-16 text', 'save the file as UTF-8'],
  [[0xef, 0xbb, 0xbf], 'bom', 'a byte order mark (EF BB BF)', 'save the file as UTF-8 without BOM'],
] as const;

function checkSignature(file: string, head: Uint8Array): void {
  for (const [signature, fault, got, remedy] of signatures) {
    if (head.length >= signature.length && signature.every((byte, i) => head[i] === byte)) {
      throw new DataError(fault, { at: { file }, expected: 'JSON lines in UTF-8', got, remedy });
    }
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Streams the lines of a source with their positions, holding one chunk and one line in memory.
 *
 * Lines end in LF or CRLF (the CR is dropped: it is whitespace to JSON); the last one need not end. Blank lines
 * are yielded too. Throws {@link DataError}: empty, compressed, UTF-16, byte order mark (RFC 8259 section 8.1
 * forbids writing one and Python's reader of the originals refuses it), line longer than `maxLineBytes`.
 */
export async function* readLines(source: ByteSource, options: LinesOptions = {}): AsyncGenerator<Line> {
  const { maxLineBytes = 2 ** 27 } = options;
  const file = source.name;
  let line = 1;
  let start = 0;
  let parts: Uint8Array[] = [];
  let held = 0;
  let head: Uint8Array = new Uint8Array(0);

  const take = (tail: Uint8Array): Line => {
    parts.push(tail);
    held += tail.length;
    checkLength();
    const whole = join(parts, held);
    const bytes = whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole;
    parts = [];
    const taken = { at: { file, line }, offset: start, bytes };
    start += held + 1;
    held = 0;
    line++;
    return taken;
  };
  const checkLength = () => {
    if (held <= maxLineBytes) return;
    const expected = `a line of at most ${maxLineBytes} bytes`;
    const remedy = 'check that rows end in line feeds, or raise maxLineBytes';
    throw new DataError('long-line', { at: { file, line }, expected, got: 'a longer one', remedy });
  };

  for await (const chunk of source.chunks()) {
    if (head.length < 4) {
      head = join([head, chunk.slice(0, 4)], head.length + Math.min(4, chunk.length));
      checkSignature(file, head);
    }
    let from = 0;
    for (let to = chunk.indexOf(0x0a); to >= 0; to = chunk.indexOf(0x0a, from)) {
      const taken = take(chunk.subarray(from, to));
      from = to + 1;
      yield taken;
    }
    if (from < chunk.length) {
      parts.push(chunk.slice(from));
      held += chunk.length - from;
      checkLength();
    }
  }
  if (head.length === 0) {
    throw new DataError('empty-file', { at: { file }, expected: 'at least one row', got: 'an empty file' });
  }
  if (held > 0) yield take(new Uint8Array(0));
}

/** Parses the JSON of one line; throws {@link DataError} with the column of the first fault. */
export function parseLine({ at, bytes }: Pick<Line, 'at' | 'bytes'>): unknown {
  const text = decodeUtf8(bytes);
  if (typeof text !== 'string') {
    const got = `byte 0x${bytes[text.invalidAt]?.toString(16).padStart(2, '0')}`;
    const remedy = 'save the file as UTF-8';
    throw new DataError('invalid-utf8', {
      at: { ...at, column: text.invalidAt + 1 },
      expected: 'UTF-8',
      got,
      remedy,
    });
  }
  if (/^[ \t\r]*$/.test(text)) {
    const remedy = 'remove it';
    throw new DataError('empty-line', { at, expected: 'a JSON object', got: 'an empty line', remedy });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = jsonFault(text);
    if (fault === undefined) {
      throw new DataError('invalid-json', { at, expected: 'JSON', got: String(cause), cause });
    }
    const where = { ...at, column: fault.offset + 1 };
    if (/\}[ \t]*\r[ \t]*\{/.test(text)) {
      const got = 'rows separated by a carriage return alone';
      throw new DataError('cr-line-ends', {
        at,
        expected: 'line feeds',
        got,
        remedy: 'convert the line ends',
        cause,
      });
    }
    if (['{', '[', '[{'].includes(text.slice(0, 100).replace(/\s/g, ''))) {
      throw new DataError('indented-json', {
        at,
        expected: 'a whole row on one line',
        got: `${JSON.stringify(text.trim())} alone, as in indented JSON`,
        remedy: 'write one object per line, as `jq -c .` does (`jq -c ".[]"` for a list)',
        cause,
      });
    }
    if (/^"[+-]?(nan|inf(inity)?)"$/i.test(fault.got)) {
      const remedy = 'JSON has no NaN or Infinity; drop the row or give a number';
      throw new DataError('nan', { at: where, expected: 'a finite number', got: fault.got, remedy, cause });
    }
    throw new DataError('invalid-json', { at: where, expected: fault.expected, got: fault.got, cause });
  }
}
