import type { FileSource } from '../file-source.js';
import { OnnxFileError } from './onnx-file-error.js';
import {
  DATA_LOCATION,
  EXTERNAL_DATA,
  fieldAt,
  HEAD_BYTES,
  HOLDS,
  type OnnxMessage,
  OP_TYPE,
  varint,
} from './onnx-wire.js';

/** Bytes per read. */
const CHUNK = 1 << 16;
/** Messages within each other; a graph within an If within a Loop takes 12. */
const DEPTH = 100;
/** Bytes of an entry of external data: a key, and a file's name or a number. */
const ENTRY = 4096;
/** Bytes of an op's name; ONNX's and ONNX Runtime's have up to 40. */
const OP_NAME = 100;
/** Files of external data; old exporters of torch write one per weight. */
const FILES = 10_000;

/** Where tensors of an ONNX file lie outside of it: each file as it is named, and the furthest byte that is read of it. */
export type ExternalLocations = ReadonlyMap<string, number>;

interface Frame {
  readonly message: OnnxMessage;
  readonly end: number;
  readonly entries: Map<string, string>;
  external: boolean;
}

/**
 * Every file that a tensor of an ONNX model names, wherever the tensor stands: initializers, attributes, subgraphs, functions. The model
 * is walked through by windows of 64 KiB and weights within it are passed over, so its size does not matter.
 * @param sees hears the op of every node, but for names that are too long to be ONNX's
 * @throws OnnxFileError for bytes that are no ONNX model, that are cut off, or that claim more than there is
 */
export async function externalLocations(
  source: FileSource,
  path: string,
  sees: (opType: string) => void = () => {},
): Promise<ExternalLocations> {
  const size = await source.size(path);
  const fail = (at: number, expected: string, got: string): never => {
    throw new OnnxFileError(
      path,
      `expected ${expected} at byte ${at}, got ${got} — it is cut off or no ONNX model, fetch it again`,
    );
  };
  if (size === 0) fail(0, 'an ONNX model', 'an empty file');
  let [window, from] = [new Uint8Array(0), 0];
  /** At least the wanted bytes from `at`, or what is left of the file. */
  const bytes = async (at: number, wanted: number): Promise<Uint8Array> => {
    const until = Math.min(size, at + wanted);
    if (at < from || until > from + window.length) {
      window = await source.read(path, at, Math.min(CHUNK, size - at));
      from = at;
    }
    return window.subarray(at - from);
  };
  const found = new Map<string, number>();
  const stack: Frame[] = [{ message: 'Model', end: size, entries: new Map(), external: false }];
  let at = 0;
  let hasGraph = false;
  while (stack.length > 0) {
    const frame = stack.at(-1)!;
    if (at === frame.end) {
      stack.pop();
      if (frame.external) noteExternal(path, frame.entries, found);
      continue;
    }
    // A file of weights has few heads for its bytes; waiting only where a window ends keeps the walk fast.
    const held = at >= from && Math.min(frame.end, at + HEAD_BYTES) <= from + window.length;
    const head = (held ? window.subarray(at - from) : await bytes(at, HEAD_BYTES)).subarray(
      0,
      frame.end - at,
    );
    const field = fieldAt(head, 0);
    if (!field) return fail(at, 'a field of onnx.proto', 'other bytes');
    const [start, end] = [at + field.next, at + field.next + field.length];
    if (end > frame.end) fail(at, `at most ${frame.end - start} bytes`, `a claim of ${field.length}`);
    const inner = field.wire === 2 ? HOLDS[frame.message][field.number] : undefined;
    at = inner === undefined ? end : start;
    if (inner !== undefined) {
      if (stack.length === DEPTH) fail(start, `at most ${DEPTH} messages within each other`, 'more');
      if (inner === 'Graph') hasGraph = true;
      stack.push({ message: inner, end, entries: new Map(), external: false });
    } else if (frame.message === 'Node' && field.number === OP_TYPE && field.wire === 2) {
      if (field.length <= OP_NAME)
        sees(new TextDecoder().decode((await bytes(start, field.length)).subarray(0, field.length)));
    } else if (frame.message === 'Tensor' && field.number === DATA_LOCATION && field.wire === 0) {
      if ((varint(head, field.next)?.value ?? 0) !== 0) frame.external = true;
    } else if (frame.message === 'Tensor' && field.number === EXTERNAL_DATA && field.wire === 2) {
      if (field.length > ENTRY) fail(start, `at most ${ENTRY} bytes of external data`, `${field.length}`);
      frame.external = true;
      const entry = readEntry((await bytes(start, field.length)).subarray(0, field.length));
      if (!entry) return fail(start, 'an entry of external data', 'other bytes');
      frame.entries.set(...entry);
    }
  }
  if (!hasGraph) fail(0, 'an ONNX model with a graph', 'none');
  return found;
}

/** Key and value of a StringStringEntryProto. */
export function readEntry(bytes: Uint8Array): [key: string, value: string] | undefined {
  const texts = ['', ''];
  for (let at = 0; at < bytes.length; ) {
    const field = fieldAt(bytes, at);
    if (!field || field.next + field.length > bytes.length) return undefined;
    at = field.next + field.length;
    if (field.wire !== 2 || (field.number !== 1 && field.number !== 2)) continue;
    texts[field.number - 1] = new TextDecoder().decode(bytes.subarray(field.next, at));
  }
  return texts as [string, string];
}

function noteExternal(path: string, entries: ReadonlyMap<string, string>, found: Map<string, number>): void {
  const location = entries.get('location') ?? '';
  const [offset, length] = ['offset', 'length'].map((key) => Number(entries.get(key) ?? 0)) as [
    number,
    number,
  ];
  const end = offset + length;
  if (![offset, length, end].every((value) => Number.isSafeInteger(value) && value >= 0))
    throw new OnnxFileError(
      path,
      `expected whole numbers of bytes in external data, got offset ${entries.get('offset')} and length ${entries.get('length')} — do not use this model`,
    );
  found.set(location, Math.max(found.get(location) ?? 0, end));
  if (found.size > FILES)
    throw new OnnxFileError(
      path,
      `expected at most ${FILES} files of external data, got more — save it in one`,
    );
}
