import type { ByteSource } from '@rag/data';
import { checkSettings, type EncodeSettings, ProgressNoteError } from '../encode/progress-note.js';
import { type RowsJob, type Tally, transformRows } from '../score/transform-rows.js';
import type { WorkFiles } from './work-files.js';

/** A file of the work folder that is made once and kept, with what it was made by and what was counted. */
export interface Stage<Row> extends Omit<RowsJob<Row>, 'file' | 'onFinish'> {
  readonly files: WorkFiles;
  readonly name: string;
}

/**
 * Makes a file, goes on with one that was stopped, or takes one that is finished and was made with the same settings.
 * @returns what was counted, and the finished file, open
 * @throws ProgressNoteError for a file of other settings, unless `overwrite`, and as `transformRows`
 */
export async function runStage<Row>({
  files,
  name,
  ...job
}: Stage<Row>): Promise<{ readonly tally: Tally; readonly source: ByteSource }> {
  const record = `${name}.json`;
  const finished = await files.open(name);
  if (finished !== undefined) {
    try {
      const { settings, tally } = parseRecord(record, await files.readText(record));
      checkSettings(record, settings, job.settings);
      job.say?.(`${name}: taken from an earlier run`);
      return { tally, source: finished };
    } catch (error) {
      await finished.close();
      if (!(job.overwrite && error instanceof ProgressNoteError)) throw error;
      job.say?.(`${name}: made again, since its settings are others`);
      await files.remove(name);
    }
  }
  const { tally } = await transformRows({
    ...job,
    file: await files.create(name),
    onFinish: ({ tally: counted }) =>
      files.writeText(
        record,
        `${JSON.stringify({ version: 1, settings: job.settings, tally: counted }, null, 2)}\n`,
      ),
  });
  return { tally, source: (await files.open(name))! };
}

/** Reads a record, which anybody may have changed. */
function parseRecord(name: string, text: string | undefined): { settings: EncodeSettings; tally: Tally } {
  const refuse = (): never => {
    throw new ProgressNoteError(
      `${name}: expected the record of the file beside it, got ${text === undefined ? 'none' : JSON.stringify(text.slice(0, 60))} — pass --overwrite to make it again`,
    );
  };
  let json: Record<string, unknown> | null;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    return refuse();
  }
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  if (!isObject(json) || json.version !== 1 || !isObject(json.settings) || !isObject(json.tally))
    return refuse();
  if (!Object.values(json.tally).every((count) => Number.isFinite(count))) return refuse();
  return json as unknown as { settings: EncodeSettings; tally: Tally };
}
