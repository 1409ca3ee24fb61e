import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { ModelCardData } from '@rag/models';

const NEWLINE = 0x0a;
/** Space, tab, carriage return: a line of only these is blank. */
const BLANKS = new Set([0x20, 0x09, 0x0d]);

/** Bytes per read. */
const CHUNK = 1 << 20;

/** Reads a file once, as a stream: its size, its SHA-256 and, for `rows`, its lines that are not blank. @throws the errors of reading */
export async function describeDataFile(path: string, content: 'rows' | 'vectors'): Promise<ModelCardData> {
  const hash = createHash('sha256');
  let [bytes, rows, blank] = [0, 0, true];
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (content === 'vectors') continue;
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(NEWLINE, at);
      const stop = end < 0 ? chunk.length : end;
      while (blank && at < stop && BLANKS.has(chunk[at]!)) at++;
      if (blank && at < stop) [rows, blank] = [rows + 1, false];
      if (end >= 0) blank = true;
      at = stop + 1;
    }
  }
  return { file: basename(path), bytes, ...(content === 'rows' && { rows }), sha256: hash.digest('hex') };
}
