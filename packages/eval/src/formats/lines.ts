import { LineError } from './line-error.js';

/**
 * The lines of a text file: a string is the whole text, an iterable yields one line each, without its line feed (Node's
 * `readline` does). Text or bytes in arbitrary chunks become lines through `textLines`.
 */
export type Lines = string | Iterable<string> | AsyncIterable<string>;

/** Longest line accepted, in UTF-16 units. */
const MAX_LINE = 2 ** 27;

/**
 * Cuts chunks into lines, holding one chunk and one line; the last line need not end in a line feed.
 *
 * @param chunks text, or UTF-8 bytes such as a file's stream gives
 * @throws LineError on invalid UTF-8 and on lines beyond 134,217,728 characters
 */
export async function* textLines(
  chunks: string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  file = 'text',
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 1;
  let held = '';
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      const problem =
        'expected UTF-8, got other bytes in the chunk that starts here — save the file as UTF-8';
      throw new LineError(file, line, problem, { cause });
    }
  };
  for await (const chunk of typeof chunks === 'string' ? [chunks] : chunks) {
    const text = typeof chunk === 'string' ? chunk : decode(chunk);
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      yield held + text.slice(from, to);
      held = '';
      from = to + 1;
      line++;
    }
    held += text.slice(from);
    if (held.length > MAX_LINE) {
      const problem = `expected a line of at most ${MAX_LINE} characters, got a longer one — end lines in line feeds`;
      throw new LineError(file, line, problem);
    }
  }
  held += decode();
  if (held !== '') yield held;
}

/**
 * Lines with their numbers from 1; a carriage return at the end is dropped.
 * @throws LineError on a byte order mark, and on an item of an iterable that holds a line feed
 */
export async function* numberedLines(
  lines: Lines,
  file: string,
): AsyncGenerator<{ line: number; text: string }> {
  let line = 0;
  for await (const item of typeof lines === 'string' ? textLines(lines, file) : lines) {
    line++;
    if (line === 1 && item.startsWith('\ufeff')) {
      throw new LineError(
        file,
        line,
        'expected text, got a byte order mark — save the file as UTF-8 without BOM',
      );
    }
    if (item.includes('\n')) {
      throw new LineError(
        file,
        line,
        'expected one line per item, got a line feed inside one — pass chunks of text through textLines',
      );
    }
    yield { line, text: item.endsWith('\r') ? item.slice(0, -1) : item };
  }
}
