import { findDuplicateKey } from './duplicate-key.js';
import { jsonDepth } from './json-depth.js';

/**
 * Read access to the files of one checkpoint directory, wherever they are: a folder, a cache, memory.
 * Paths are relative and use `/`.
 */
export interface FileSource {
  /** Exactly `length` bytes from byte `offset`, in an array that the caller owns; fewer is an error. */
  read(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes. */
  size(path: string): Promise<number>;
  /**
   * The names of the files that lie directly in the directory, or in one of its folders, sorted; a folder that is not
   * there is an error.
   */
  list(folder?: string): Promise<string[]>;
  /** The real path (no symlinks) of a file on this machine; absent when the files are not on a disk. */
  localPath?(path: string): Promise<string>;
  /** The files of an adapter alone, where this source is one laid over its base model (`adapterSource`): the weights are merged. */
  readonly adapter?: FileSource;
}

/** A file that is missing, refused, shorter than asked for, or not what its name promises. */
export class FileSourceError extends Error {
  override name = 'FileSourceError';
  constructor(
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Refuses every path that could leave its directory: absolute, drive letter, backslash, control character, empty, `.` or `..` segment;
 * and one that no URL can spell, half of a surrogate pair.
 * Needed because a shard index, which comes with the checkpoint, names files.
 */
export function checkFilePath(path: string): void {
  const segments = path.split('/');
  const unsafe =
    segments.some((segment) => segment === '' || segment === '.' || segment === '..') ||
    path.includes('\\') ||
    /[\p{Cc}\p{Cs}]/u.test(path) ||
    /^[A-Za-z]:/.test(path);
  if (unsafe) {
    throw new FileSourceError(
      path,
      `${JSON.stringify(path)}: expected a relative path inside the checkpoint directory — refuse this checkpoint or correct the file that names it`,
    );
  }
}

/** Checks a byte range against a file's size. */
export function checkRange(path: string, offset: number, length: number, size: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length < 0 || offset + length > size) {
    throw new FileSourceError(
      path,
      `${path}: expected bytes ${offset}..${offset + length} inside the file, got a file of ${size} bytes — it may be truncated, fetch it again`,
    );
  }
}

/** The error for a folder of the checkpoint that is not there. */
export const missingFolder = (path: string, shown: string, cause?: unknown): FileSourceError =>
  new FileSourceError(
    path,
    `${shown}: expected a folder, got none of this name — fetch it`,
    cause === undefined ? undefined : { cause },
  );

/** The largest text that is read, in bytes; the largest tokenizer.json in use has 35 MB. */
export const MAX_TEXT_BYTES = 1 << 26;
/** The largest JSON file, in bytes: parsed, a hostile one takes twenty times as much memory. */
export const MAX_JSON_BYTES = 1 << 25;
/** How deep the values of a JSON file may be nested; a config.json has less than ten levels. */
export const MAX_JSON_DEPTH = 64;

/** The whole file as text; invalid UTF-8 and more than 64 MiB are errors. */
export async function readText(source: FileSource, path: string, limit = MAX_TEXT_BYTES): Promise<string> {
  const size = await source.size(path);
  if (size > limit) {
    throw new FileSourceError(path, `${path}: expected at most ${limit} bytes, got ${size} — fetch it again`);
  }
  const bytes = await source.read(path, 0, size);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FileSourceError(path, `${path}: expected UTF-8 text, got other bytes — fetch the file again`, {
      cause,
    });
  }
}

/** The whole file as JSON; one that nests too deep, repeats a key or has more than 32 MiB is an error. */
export async function readJson(source: FileSource, path: string): Promise<unknown> {
  const text = await readText(source, path, MAX_JSON_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileSourceError(
      path,
      `${path}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}… (${(cause as Error).message}) — fetch the file again`,
      { cause },
    );
  }
  const depth = jsonDepth(text);
  if (depth > MAX_JSON_DEPTH) {
    throw new FileSourceError(
      path,
      `${path}: expected values nested at most ${MAX_JSON_DEPTH} deep, got ${depth} — fetch the file again`,
    );
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    throw new FileSourceError(
      path,
      `${path}: expected each key once, got ${describeJson(duplicate)} twice in one object — delete the wrong one`,
    );
  }
  return value;
}

/** The whole file as a JSON object; anything else is an error. */
export async function readJsonObject(source: FileSource, path: string): Promise<Record<string, unknown>> {
  const value = await readJson(source, path);
  if (!isJsonObject(value)) {
    throw new FileSourceError(
      path,
      `${path}: expected a JSON object, got ${describeJson(value)} — fetch it again`,
    );
  }
  return value;
}

/** True for what JSON calls an object: not null, not an array. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Characters of a value in an error message. */
const SHOWN = 60;

/** A JSON value as an error message shows it, cut to 60 characters; however large and deep it is, only those are made. */
export function describeJson(value: unknown): string {
  const text = excerpt(value, SHOWN + 1);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}

/** The first `room` characters of a value's JSON, or a few more. */
function excerpt(value: unknown, room: number): string {
  if (room <= 0) return '';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room));
  const isList = Array.isArray(value);
  if (!isList && !isJsonObject(value)) return JSON.stringify(value) ?? 'nothing';
  let text = isList ? '[' : '{';
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (text.length > room) break;
    if (text.length > 1) text += ',';
    if (!isList) text += `${JSON.stringify(key.slice(0, room))}:`;
    text += excerpt(item, room - text.length);
  }
  return text + (isList ? ']' : '}');
}

/** A source over files that are already in memory, for browsers and tests. */
export function memorySource(files: Readonly<Record<string, Uint8Array | string>>): FileSource {
  const contents = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  );
  const find = (path: string) => {
    checkFilePath(path);
    const bytes = contents.get(path);
    if (!bytes) {
      throw new FileSourceError(
        path,
        `${path}: expected a file of this name, got none among ${[...contents.keys()].join(', ') || 'no files'} — add it`,
      );
    }
    return bytes;
  };
  return {
    async read(path, offset, length) {
      const bytes = find(path);
      checkRange(path, offset, length, bytes.length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    async size(path) {
      return find(path).length;
    },
    async list(folder) {
      const prefix = folder === undefined ? '' : `${folder}/`;
      if (folder !== undefined) checkFilePath(folder);
      const inside = [...contents.keys()].filter((path) => path.startsWith(prefix));
      if (folder !== undefined && inside.length === 0) throw missingFolder(folder, folder);
      return inside
        .map((path) => path.slice(prefix.length))
        .filter((name) => !name.includes('/'))
        .sort();
    },
  };
}
