import { POOLING_MODES, type PoolingMode } from '@rag/embedding';
import { Command } from 'commander';
import { choice, wholeNumber } from '../config/kind.js';
import { openSources } from '../run-files.js';
import { type ScoredForm, scoredForms } from '../score/row-to-score.js';
import { type ScoreReport, scoreRows } from '../score/score-rows.js';
import type { CommandStreams } from './command-line.js';
import { textFlag } from './embedding-flags.js';
import { encodeProgress } from './encode-progress.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubOptions } from './hub-flags.js';
import { interruptible } from './interrupt.js';
import { nodeFiles } from './node-files.js';
import { addOnnxFlag, type OnnxFlag, onnxOption } from './onnx-flag.js';
import { openAnyModel } from './open-any-model.js';
import { type PairScoring, pairScorer } from './pair-scorer.js';
import { addTemplateFlags, templateFlagNames } from './template-flags.js';
import { openUnfinishedFile } from './unfinished-file.js';

interface Flags extends HubFlags, OnnxFlag, PairScoring {
  readonly model: string;
  readonly dataset: readonly string[];
  readonly output: string;
  readonly as: ScoredForm;
  readonly pooling?: PoolingMode;
  readonly threads?: number;
  readonly overwrite?: boolean;
}

const count = (name: string, least = 1) => flagParser(name, wholeNumber(least));

/** `rag score`: a model's scores of the passages of rows, as a teacher's; gone on with after it was killed. */
export function scoreCommand(streams: CommandStreams): Command {
  const command = addOnnxFlag(addHubFlags(new Command('score')))
    .description("add a model's scores to rows; the same command goes on with a file that was not finished")
    .requiredOption('--model <name>', 'reranker, embedding or ColBERT model: directory, or a name of the hub')
    .requiredOption(
      '--dataset <path...>',
      'JSON lines {query, pos} with or without neg, {query, content}, {query, hits}',
    )
    .requiredOption('--output <file>', 'JSON lines to write')
    .option(
      '--as <form>',
      'rows: with pos_scores, neg_scores or score added; pairs: {query, content, score}, a line per passage',
      flagParser('--as', choice(scoredForms)),
      'rows',
    )
    .option('--normalize', "a reranker's scores in (0, 1) in place of logits")
    .option(
      '--max_len <n>',
      'tokens of a pair, for rerankers; without it what the model states that it was trained on, or 512',
      count('--max_len', 5),
    )
    .option('--query_max_len <n>', 'tokens of a query, for other models', count('--query_max_len', 3))
    .option('--passage_max_len <n>', 'tokens of a passage, for other models', count('--passage_max_len', 3))
    .option('--query_prompt <text>', 'text before a query, for embedding models', textFlag('--query_prompt'))
    .option(
      '--passage_prompt <text>',
      'text before a passage, for embedding models',
      textFlag('--passage_prompt'),
    )
    .option(
      '--similarity <name>',
      'cosine or dot, for embedding models; without it as the model says',
      flagParser('--similarity', choice(['cosine', 'dot'])),
    )
    .option(
      '--pooling <mode>',
      `pooling of a checkpoint that says none: ${POOLING_MODES.join(', ')}`,
      flagParser('--pooling', choice(POOLING_MODES)),
    )
    .option('--batch_size <n>', 'most pairs or texts per batch (default 64)', count('--batch_size'))
    .option(
      '--max_tokens <n>',
      'most tokens per batch, padding included (default 1024 on a CPU, 16384 on a GPU)',
      count('--max_tokens'),
    )
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads'))
    .option('--overwrite', 'replace a file that is there, or an unfinished one of other input or settings');
  return addTemplateFlags(command).action((flags: Flags) => score(flags, streams));
}

async function score(flags: Flags, { stdout, stderr }: CommandStreams): Promise<void> {
  const overwrite = flags.overwrite ?? false;
  const file = await openUnfinishedFile(flags.output, { overwrite });
  const sources = await openSources(nodeFiles, flags.dataset);
  const progress = encodeProgress(stdout);
  try {
    const { pooling, threads } = flags;
    const opened = await openAnyModel(flags.model, ['reranker', 'embedding', 'colbert'], {
      hub: hubOptions(flags, stderr),
      ...onnxOption(flags),
      template: flags,
      ...(pooling !== undefined && { pooling }),
      ...(threads !== undefined && { threads }),
    });
    try {
      const { scorer, settings } = await pairScorer(opened, scoringOf(flags));
      const model = await opened.fingerprint();
      const job = { sources, scorer, file, settings: { model, ...settings }, as: flags.as, overwrite };
      const report = await interruptible('interrupted', (signal) =>
        scoreRows({ ...job, signal, say: progress.say, onProgress: progress.update }),
      );
      progress.say(formatScoreReport(flags.output, report));
    } finally {
      opened.model.dispose();
    }
  } finally {
    progress.end();
    for (const source of sources) await source.close();
  }
}

const scoringKeys = [
  ...(['max_len', 'query_max_len', 'passage_max_len', 'query_prompt', 'passage_prompt'] as const),
  ...(['similarity', 'batch_size', 'max_tokens', 'normalize'] as const),
  ...templateFlagNames,
];

const scoringOf = (flags: PairScoring): PairScoring =>
  Object.fromEntries(scoringKeys.map((key) => [key, flags[key]]).filter(([, value]) => value !== undefined));

/** A line for the file and one for each key of scores. */
export function formatScoreReport(output: string, { rows, pairs, scores }: ScoreReport): string {
  const number = (value: number) => String(Number(value.toPrecision(4)));
  const lines = Object.entries(scores).map(
    ([key, { count: scored, mean, min, max }]) =>
      `  ${key.padEnd(11)} ${scored.toLocaleString('en')} scores, mean ${number(mean)}, from ${number(min)} to ${number(max)}`,
  );
  return [
    `${output}: ${rows.toLocaleString('en')} rows, ${pairs.toLocaleString('en')} pairs scored`,
    ...lines,
  ].join('\n');
}
