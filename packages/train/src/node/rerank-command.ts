import { Command } from 'commander';
import { choice, wholeNumber } from '../config/kind.js';
import type { InputRow } from '../encode/input-row.js';
import { readInputRows } from '../encode/input-rows.js';
import { openSources } from '../run-files.js';
import type { CommandStreams } from './command-line.js';
import { flagParser } from './flag-parser.js';
import { addInputFlags, type InputFlags, inputParser } from './input-flags.js';
import { addModelFlags, type ModelFlags, withModel } from './model-flags.js';
import { nodeFiles } from './node-files.js';

interface Flags extends ModelFlags, InputFlags {
  readonly query: string;
  readonly passages: string;
  readonly top_k?: number;
  readonly long_document: 'truncate' | 'max-slice';
  readonly normalize?: boolean;
}

/** `rag rerank`: the passages of a file by their relevance to a query, as JSON lines `{index, score, text}`, and `id` where a row has one. */
export function rerankCommand(streams: CommandStreams): Command {
  const command = new Command('rerank').description('order passages by their relevance to a query');
  return addInputFlags(addModelFlags(command))
    .requiredOption('--query <text>', 'what is asked')
    .requiredOption('--passages <file>', 'JSON lines (.jsonl) or a passage per line (.txt)')
    .option('--top_k <n>', 'how many of the best to print', flagParser('--top_k', wholeNumber(1)))
    .option(
      '--long_document <way>',
      'truncate, or max-slice: the best slice counts',
      flagParser('--long_document', choice(['truncate', 'max-slice'])),
      'truncate',
    )
    .option('--normalize', 'scores in (0, 1) in place of logits')
    .action(async (flags: Flags) => {
      const { query, top_k, normalize, long_document: longDocument } = flags;
      const rows = await readPassages(flags);
      const passages = rows.map(({ text }) => text);
      const ranked = await withModel(flags, streams, (model, options) =>
        model.rerank(query, passages, {
          ...options,
          longDocument,
          ...(top_k !== undefined && { topK: top_k }),
          ...(normalize !== undefined && { normalize }),
        }),
      );
      for (const row of ranked) {
        const { id } = rows[row.index]!;
        streams.stdout.write(`${JSON.stringify({ ...row, ...(id !== undefined && { id }) })}\n`);
      }
    });
}

/** Every passage of the file. @throws ConfigError, DataError with file and line */
async function readPassages({ passages: path, ...flags }: Flags): Promise<InputRow[]> {
  const parse = inputParser('--passages', [path], flags);
  const [source] = await openSources(nodeFiles, [path]);
  try {
    const rows: InputRow[] = [];
    for await (const { row } of readInputRows([source!], parse)) rows.push(row);
    return rows;
  } finally {
    await source!.close();
  }
}
