import { formatRun, type Run } from '@rag/eval';
import { fileSink } from '@rag/models/node';
import { ConfigError } from '../config/config-error.js';

/** Writes a TREC run, complete or not at all. @throws ConfigError where the folder is not there, Error for ids with blanks */
export async function writeRun(path: string, run: Run, tag: string): Promise<void> {
  const sink = await fileSink(path).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(
      path,
      undefined,
      `expected a file that can be written, got ${cause.code} — make its folder, or choose another name`,
      { cause },
    );
  });
  try {
    const encoder = new TextEncoder();
    for (const lines of formatRun(run, { tag })) await sink.write(encoder.encode(lines));
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
