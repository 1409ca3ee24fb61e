import { readdir, rm } from 'node:fs/promises';
import { POOLING_MODES, type PoolingMode } from '@rag/embedding';
import { openRowProducts } from '@rag/runtime';
import { Command, Option } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { anyNumber, choice, nonNegativeNumber, wholeNumber } from '../config/kind.js';
import type { Guard } from '../mine/choose-rows.js';
import { mineNegatives } from '../mine/mine-negatives.js';
import { formatMineReport } from '../mine/mine-report.js';
import type { RankRange } from '../mine/search-rows.js';
import { underNames } from '../recipes/open-model.js';
import { openSources } from '../run-files.js';
import type { CommandStreams } from './command-line.js';
import { textFlag } from './embedding-flags.js';
import { encodeProgress } from './encode-progress.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubOptions } from './hub-flags.js';
import { addInputFlags, type InputFlags, inputParser } from './input-flags.js';
import { interruptible } from './interrupt.js';
import { type MiningFlags, miningRetriever } from './mining-retriever.js';
import { nodeFiles } from './node-files.js';
import { addOnnxFlag, type OnnxFlag, onnxOption } from './onnx-flag.js';
import { openAnyModel } from './open-any-model.js';
import { pairScorer } from './pair-scorer.js';
import { rankRange } from './rank-range.js';
import { openUnfinishedFile } from './unfinished-file.js';
import { workFolder } from './work-folder.js';

interface Flags extends HubFlags, OnnxFlag, MiningFlags, InputFlags {
  readonly model: string;
  readonly dataset: readonly string[];
  readonly corpus?: readonly string[];
  readonly output: string;
  readonly work?: string;
  readonly pooling?: PoolingMode;
  readonly threads?: number;
  readonly range: RankRange;
  readonly negatives: number;
  readonly sampling: 'top' | 'random';
  readonly seed: number;
  readonly max_score?: number;
  readonly min_score?: number;
  readonly absolute_margin?: number;
  readonly relative_margin?: number;
  readonly guard?: string;
  readonly guard_margin?: number;
  readonly guard_max_score?: number;
  readonly guard_max_len?: number;
  readonly guard_normalize?: boolean;
  readonly scores?: 'retriever' | 'guard';
  readonly least_negatives: number;
  readonly overwrite?: boolean;
}

const count = (name: string, least = 1) => flagParser(name, wholeNumber(least));
const score = (name: string) => flagParser(name, anyNumber);
const margin = (name: string) => flagParser(name, nonNegativeNumber);

/** `rag mine`: hard negatives for rows, by an embedding or ColBERT model and a guard; gone on with after it was killed. */
export function mineCommand(streams: CommandStreams): Command {
  const command = addInputFlags(addOnnxFlag(addHubFlags(new Command('mine'))))
    .description('find hard negatives for rows; the same command goes on with a run that was stopped')
    .requiredOption('--model <name>', 'embedding or ColBERT model: directory, or a name of the hub')
    .requiredOption('--dataset <path...>', 'JSON lines {query, pos}, with or without neg, which is replaced')
    .requiredOption('--output <file>', 'JSON lines {query, pos, neg} to write')
    .option(
      '--corpus <path...>',
      'passages to find them in: JSON lines (.jsonl) or a passage per line (.txt); without it those of the rows',
    )
    .option(
      '--work <folder>',
      'where vectors are kept for other runs; without it <output>.work, removed at the end',
    )
    .addOption(
      new Option(
        '--range <ranks>',
        'ranks to take negatives from, counted without positives: 10-210 leaves out the ten best',
      )
        .argParser(rankRange('--range'))
        .default({ from: 10, to: 210 }, '10-210'),
    )
    .option('--negatives <n>', 'negatives per row', count('--negatives'), 15)
    .option(
      '--sampling <way>',
      'top: the best of the ranks; random: a choice among them by seed and row',
      flagParser('--sampling', choice(['top', 'random'])),
      'top',
    )
    .option('--seed <n>', 'seed of that choice', count('--seed', 0), 42)
    .option('--max_score <x>', 'drop candidates above this score', score('--max_score'))
    .option('--min_score <x>', 'drop candidates below this score', score('--min_score'))
    .option(
      '--absolute_margin <x>',
      "drop candidates above the lowest positive's score less this",
      margin('--absolute_margin'),
    )
    .option(
      '--relative_margin <x>',
      "drop candidates above this share below the lowest positive's score; 0.05 is the 95 % of NV-Retriever",
      margin('--relative_margin'),
    )
    .option('--guard <name>', 'reranker, or any other model, that reads candidates again')
    .option(
      '--guard_margin <x>',
      "drop candidates that the guard scores above its lowest positive's less this; 0 without --guard_max_score",
      margin('--guard_margin'),
    )
    .option(
      '--guard_max_score <x>',
      'drop candidates that the guard scores above this',
      score('--guard_max_score'),
    )
    .option('--guard_normalize', "the guard's scores in (0, 1) in place of logits")
    .option('--guard_max_len <n>', 'tokens of a pair of the guard', count('--guard_max_len', 5))
    .option(
      '--scores <whose>',
      'write pos_scores and neg_scores of the retriever, or of the guard',
      flagParser('--scores', choice(['retriever', 'guard'])),
    )
    .option('--least_negatives <n>', 'leave out rows with fewer', count('--least_negatives', 0), 0);
  return addModelOptions(command)
    .option(
      '--overwrite',
      'replace a file that is there, or what was made with another model or other passages',
    )
    .action((flags: Flags) => mine(flags, streams));
}

const addModelOptions = (command: Command): Command =>
  command
    .option('--query_prompt <text>', 'text before a query, for embedding models', textFlag('--query_prompt'))
    .option(
      '--passage_prompt <text>',
      'text before a passage, for embedding models',
      textFlag('--passage_prompt'),
    )
    .option('--query_max_len <n>', 'tokens of a query, special ones included', count('--query_max_len', 3))
    .option('--passage_max_len <n>', 'tokens of a passage', count('--passage_max_len', 3))
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
    .option('--batch_size <n>', 'most texts or pairs per batch (default 64)', count('--batch_size'))
    .option(
      '--max_tokens <n>',
      'most tokens per batch, padding included (default 16384)',
      count('--max_tokens'),
    )
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads'));

async function mine(flags: Flags, { stdout, stderr }: CommandStreams): Promise<void> {
  checkGuardFlags(flags);
  const { output, overwrite = false, threads, pooling } = flags;
  const hub = hubOptions(flags, stderr);
  const ofThreads = threads === undefined ? {} : { threads };
  const parse = flags.corpus && inputParser('--corpus', flags.corpus, flags);
  const file = await openUnfinishedFile(output, { overwrite });
  const progress = encodeProgress(stdout);
  /** What is open, closed in reverse. */
  const open: (() => unknown)[] = [() => progress.end()];
  try {
    const rows = await openSources(nodeFiles, flags.dataset);
    open.push(...rows.map((source) => () => source.close()));
    const sources = flags.corpus ? await openSources(nodeFiles, flags.corpus) : [];
    open.push(...sources.map((source) => () => source.close()));
    const model = await openAnyModel(flags.model, ['embedding', 'colbert'], {
      hub,
      ...onnxOption(flags),
      ...(pooling !== undefined && { pooling }),
      ...ofThreads,
    });
    open.push(() => model.model.dispose());
    const products = await openRowProducts({
      provider: 'cpu',
      ...(threads !== undefined && { intraOpNumThreads: threads }),
    });
    open.push(() => products.dispose());
    const { retriever, settings, prompts } = await miningRetriever(model, flags, products.product);
    if (prompts !== undefined) progress.say(prompts);
    const guard =
      flags.guard === undefined ? undefined : await openGuard(flags, flags.guard, { hub, ...ofThreads });
    if (guard) open.push(() => guard.dispose());
    const work = flags.work ?? `${output}.work`;
    const files = await workFolder(work);
    const job = {
      rows,
      ...(parse && { corpus: { sources, parse } }),
      retriever,
      ...(guard && { guard: guard.guard }),
      range: flags.range,
      rules: rulesOf(flags),
      ...(flags.scores !== undefined && { scores: flags.scores }),
      leastNegatives: flags.least_negatives,
      files,
      file,
      settings: {
        retriever: { model: await model.fingerprint(), ...settings },
        ...(guard && { guard: guard.settings }),
      },
      overwrite,
      say: progress.say,
    };
    const report = await underNames(optionNames, () =>
      interruptible('interrupted', (signal) =>
        mineNegatives({ ...job, signal, onProgress: (_, event) => progress.update(event) }),
      ),
    ).catch(async (error: unknown) => {
      if (flags.work === undefined) await removeUnused(work);
      throw error;
    });
    if (flags.work === undefined) await rm(work, { recursive: true, force: true });
    progress.say(`${output}: written\n${formatMineReport(report)}`);
  } finally {
    for (const close of open.reverse()) await close();
  }
}

/** Removes a work folder in which there are no vectors to go on from. */
async function removeUnused(work: string): Promise<void> {
  const names = await readdir(work);
  const isUsed = names.some((name) => name.startsWith('passages.vectors') || name.startsWith('hits.jsonl'));
  if (!isUsed) await rm(work, { recursive: true, force: true });
}

const optionNames = { range: '--range', negatives: '--negatives', leastNegatives: '--least_negatives' };

const rulesOf = (flags: Flags) => ({
  negatives: flags.negatives,
  sampling: flags.sampling,
  seed: flags.seed,
  ...(flags.max_score !== undefined && { maxScore: flags.max_score }),
  ...(flags.min_score !== undefined && { minScore: flags.min_score }),
  ...(flags.absolute_margin !== undefined && { absoluteMargin: flags.absolute_margin }),
  ...(flags.relative_margin !== undefined && { relativeMargin: flags.relative_margin }),
});

/** What says something of a guard needs one. @throws ConfigError */
function checkGuardFlags(flags: Flags): void {
  if (flags.guard !== undefined) return;
  const keys = ['guard_margin', 'guard_max_score', 'guard_normalize', 'guard_max_len'] as const;
  const given = flags.scores === 'guard' ? 'scores' : keys.find((key) => flags[key] !== undefined);
  if (given === undefined) return;
  throw new ConfigError(
    `--${given}`,
    undefined,
    'expected --guard with a model, got none — name one, or leave this out',
  );
}

async function openGuard(flags: Flags, name: string, options: Parameters<typeof openAnyModel>[2]) {
  const { revision: _, ...hub } = options.hub;
  const opened = await openAnyModel(name, ['reranker', 'embedding', 'colbert'], { ...options, hub });
  const { guard_margin, guard_max_score, guard_max_len, guard_normalize, batch_size, max_tokens } = flags;
  const { scorer, settings } = await pairScorer(
    opened,
    {
      ...(guard_max_len !== undefined && { max_len: guard_max_len }),
      ...(guard_normalize !== undefined && { normalize: guard_normalize }),
      ...(batch_size !== undefined && { batch_size }),
      ...(max_tokens !== undefined && { max_tokens }),
    },
    'guard_',
  ).catch((error: unknown) => {
    opened.model.dispose();
    throw error;
  });
  const guard: Guard = {
    scorer,
    ...(guard_normalize !== undefined && { normalized: guard_normalize }),
    ...(guard_margin !== undefined && { margin: guard_margin }),
    ...(guard_max_score !== undefined && { maxScore: guard_max_score }),
  };
  const fingerprint = await opened.fingerprint();
  return { guard, settings: { model: fingerprint, ...settings }, dispose: () => opened.model.dispose() };
}
