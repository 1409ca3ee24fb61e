import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { wholeNumber } from '../config/kind.js';
import type { CommandStreams } from './command-line.js';
import { addModelFlags, flagParser, type ModelFlags, withModel } from './model-flags.js';

interface Flags extends ModelFlags {
  readonly query: string;
  readonly passages: string;
  readonly top_k?: number;
  readonly long_document: string;
  readonly normalize?: boolean;
}

/** `rag rerank`: the lines of a file by their relevance to a query, as JSON lines `{index, score, text}`. */
export function rerankCommand({ stdout }: CommandStreams): Command {
  return addModelFlags(new Command('rerank').description('order passages by their relevance to a query'))
    .requiredOption('--query <text>', 'what is asked')
    .requiredOption('--passages <file>', 'text file, one passage per line')
    .option('--top_k <n>', 'how many of the best to print', flagParser('--top_k', wholeNumber(1)))
    .option('--long_document <way>', 'truncate, or max-slice: the best slice counts', 'truncate')
    .option('--normalize', 'scores in (0, 1) in place of logits')
    .action(async (flags: Flags) => {
      const { query, top_k, normalize, long_document: longDocument } = flags;
      if (longDocument !== 'truncate' && longDocument !== 'max-slice')
        throw new ConfigError(
          '--long_document',
          undefined,
          `expected truncate or max-slice, got "${longDocument}"`,
        );
      const passages = await readPassages(flags.passages);
      const ranked = await withModel(flags, (model, options) =>
        model.rerank(query, passages, {
          ...options,
          longDocument,
          ...(top_k !== undefined && { topK: top_k }),
          ...(normalize !== undefined && { normalize }),
        }),
      );
      for (const row of ranked) stdout.write(`${JSON.stringify(row)}\n`);
    });
}

async function readPassages(path: string): Promise<string[]> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(
      '--passages',
      undefined,
      `expected a text file, got ${path}, which cannot be read (${cause.code}) — check the path`,
      { cause },
    );
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(path, undefined, 'expected UTF-8 text, got other bytes — convert the file', {
      cause,
    });
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const blank = lines.findIndex((line) => line.trim() === '');
  if (lines.length === 0 || blank >= 0)
    throw new ConfigError(
      `${path}:${Math.max(blank, 0) + 1}`,
      undefined,
      'expected a passage, got an empty line — remove it',
    );
  return lines;
}
