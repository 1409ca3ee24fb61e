import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, text } from '../config/kind.js';
import { type InputOptions, rowParser } from '../encode/input-row.js';
import { flagParser } from './flag-parser.js';

/** How the texts of a file are read. */
export interface InputFlags {
  readonly input_format?: InputOptions['kind'];
  readonly field?: string;
}

/** Adds them to a command that reads texts. */
export function addInputFlags(command: Command): Command {
  return command
    .option(
      '--input_format <name>',
      'what to read, where the name does not say: jsonl, text',
      flagParser('--input_format', choice(['jsonl', 'text'])),
    )
    .option(
      '--field <key>',
      'key of the text; without it text, or query with its prompt_for_query, and title before text in rows with _id',
      flagParser('--field', text),
    );
}

const kinds: readonly (readonly [ending: RegExp, kind: InputOptions['kind']])[] = [
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
  [/\.txt$/i, 'text'],
];

/**
 * How files are read: as `--input_format` says, else by their names; all of them in one way.
 * @param flag that names the files, for errors
 * @throws ConfigError
 */
export function kindOfFiles(
  flag: string,
  paths: readonly string[],
  { input_format }: InputFlags,
): InputOptions['kind'] {
  if (input_format !== undefined) return input_format;
  const found = paths.map((name) => kinds.find(([ending]) => ending.test(name))?.[1]);
  const odd = found.findIndex((kind) => kind === undefined || kind !== found[0]);
  if (odd < 0) return found[0]!;
  const expected = found[odd] === undefined ? 'a name in .jsonl, .ndjson or .txt' : 'files of one kind';
  throw new ConfigError(
    flag,
    undefined,
    `expected ${expected}, got ${paths[odd]} — say which by --input_format jsonl or text`,
  );
}

/** The reader of a line of these files; a field is one of JSON lines. @throws ConfigError */
export function inputParser(
  flag: string,
  paths: readonly string[],
  flags: InputFlags,
): ReturnType<typeof rowParser> {
  const kind = kindOfFiles(flag, paths, flags);
  const { field } = flags;
  if (field !== undefined && kind === 'text')
    throw new ConfigError(
      '--field',
      undefined,
      `expected JSON lines, which have keys, got text in ${paths[0]} — leave it out`,
    );
  return rowParser({ kind, ...(field !== undefined && { field }) });
}
