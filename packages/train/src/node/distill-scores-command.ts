import { openHubOrDirectory } from '@rag/models/node';
import type { Reranker } from '@rag/reranker';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { positiveNumber, text, wholeNumber } from '../config/kind.js';
import { formatCost } from '../distill/distill-scores.js';
import { modelTeacher } from '../distill/model-teacher.js';
import type { Teacher } from '../distill/teacher.js';
import type { CommandStreams } from './command-line.js';
import { countProgress } from './count-progress.js';
import { type DistillScoresOptions, distillScores } from './distill-scores.js';
import { booleanFlag } from './embedding-flags.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, hubOptions } from './hub-flags.js';
import { interruptible } from './interrupt.js';
import { modelFingerprint } from './model-fingerprint.js';
import { type ModelFlags, withModel } from './model-flags.js';
import { addOnnxFlag } from './onnx-flag.js';
import { addEndpointFlags, costOptions, type EndpointFlags, endpointTeacher } from './teacher-flags.js';

interface Flags extends Omit<ModelFlags, 'model'>, EndpointFlags {
  readonly input: readonly string[];
  readonly output?: string;
  readonly output_lists?: string;
  readonly teacher?: string;
  readonly normalize: boolean;
  readonly cache?: string;
  readonly gamma?: number;
  readonly max_faults?: number;
  readonly leave_out?: boolean;
  readonly overwrite?: boolean;
}

/** `rag distill scores`: a teacher's score of every query with each of its passages; gone on with after it was stopped. */
export function distillScoresCommand(streams: CommandStreams): Command {
  const command = new Command('scores').description(
    'score passages by a teacher, a reranker or a model behind an endpoint, for a student to learn from',
  );
  addOnnxFlag(addHubFlags(command))
    .requiredOption('--input <path...>', 'JSON lines of {query, pos, neg}, {query, hits} or {query, content}')
    .option('--output <file>', '{query, content, score} rows to write', flagParser('--output', text))
    .option(
      '--output_lists <file>',
      'the rows with pos_scores and neg_scores to write',
      flagParser('--output_lists', text),
    )
    .option(
      '--teacher <name>',
      'a reranker: its directory, or its name on the hub',
      flagParser('--teacher', text),
    )
    .option(
      '--normalize [true|false]',
      'scores of a reranker in (0, 1), as regression_mse takes them, or its logits',
      booleanFlag('--normalize'),
      true,
    )
    .option(
      '--max_len <n>',
      'tokens of a pair, special ones included',
      flagParser('--max_len', wholeNumber(5)),
    )
    .option('--batch_size <n>', 'pairs per batch', flagParser('--batch_size', wholeNumber(1)))
    .option('--threads <n>', 'threads of ONNX Runtime', flagParser('--threads', wholeNumber(1)));
  return addEndpointFlags(command)
    .option(
      '--cache <file>',
      'where scores are kept; without it beside the output',
      flagParser('--cache', text),
    )
    .option(
      '--gamma <n>',
      'divide scores by it: the temperature of their softmax',
      flagParser('--gamma', positiveNumber),
    )
    .option(
      '--max_faults <n>',
      'pairs without a score that end the run; 10 without it',
      flagParser('--max_faults', wholeNumber(1)),
    )
    .option('--leave_out', 'write what has scores, where a few pairs have none')
    .option('--overwrite', 'replace files that are there')
    .action((flags: Flags) => run(flags, streams));
}

async function run(flags: Flags, streams: CommandStreams): Promise<void> {
  const { teacher: name, endpoint } = flags;
  if ((name === undefined) === (endpoint === undefined))
    throw new ConfigError(
      '--teacher',
      undefined,
      `expected a reranker, or an --endpoint, got ${name === undefined ? 'neither' : 'both'}`,
    );
  if (name === undefined) return distil(flags, await endpointTeacher(flags), streams);
  const alone = (
    ['likelihood', 'prompt_file', 'answers', 'answer_range', 'api_key_env', 'teacher_model'] as const
  ).find((flag) => flags[flag] !== undefined);
  if (alone)
    throw new ConfigError(`--${alone}`, undefined, 'expected an --endpoint beside it, got --teacher');
  await withModel({ ...flags, model: name }, streams, async (model, options) => {
    const { normalize } = flags;
    const scorer = {
      computeScore: (pairs: readonly (readonly string[])[], control: { readonly signal?: AbortSignal }) =>
        model.computeScore(pairs, { ...options, ...control, normalize }),
    };
    // A length that the model refuses is an error before anything is written.
    await scorer.computeScore([], {});
    const identity = await modelIdentity(name, model, flags, streams);
    await distil(flags, modelTeacher(scorer, { identity }), streams);
  });
}

async function modelIdentity(name: string, model: Reranker, flags: Flags, { stderr }: CommandStreams) {
  const { onnx } = model;
  const { directory } = await openHubOrDirectory(name, {
    ...hubOptions(flags, stderr),
    ...(onnx !== undefined && { onnx }),
  });
  return {
    by: 'model',
    model: await modelFingerprint(directory, onnx),
    normalize: flags.normalize,
    ...(flags.max_len !== undefined && { max_len: flags.max_len }),
  };
}

async function distil(flags: Flags, teacher: Teacher, { stdout, stderr }: CommandStreams): Promise<void> {
  const { input, output, output_lists, cache, gamma, max_faults, leave_out, overwrite } = flags;
  const cost = costOptions(flags);
  const shown = countProgress(stdout, 'pairs');
  const options: DistillScoresOptions = {
    input,
    teacher,
    ...(output !== undefined && { output }),
    ...(output_lists !== undefined && { outputLists: output_lists }),
    ...(cache !== undefined && { cache }),
    ...(cost && { cost }),
    ...(gamma !== undefined && { gamma }),
    ...(max_faults !== undefined && { maxFaults: max_faults }),
    ...(leave_out && { leaveOut: true }),
    ...(overwrite && { overwrite: true }),
    say: (line) => {
      shown.end();
      stderr.write(`${line}\n`);
    },
    onProgress: (scored) => shown.update(scored),
  };
  try {
    const done = await interruptible('interrupted: scores are kept, the same command goes on', (signal) =>
      distillScores({ ...options, signal }),
    );
    shown.end();
    const parts = [
      `${done.scored.toLocaleString('en')} pairs of ${done.rows.toLocaleString('en')} rows, ${done.here.toLocaleString('en')} of them scored now`,
      ...(done.byLogprobs > 0 ? [`${done.byLogprobs} by probabilities`] : []),
      ...(done.byText > 0 ? [`${done.byText} by the text of answers`] : []),
      ...(done.leftOut > 0 ? [`${done.leftOut} left out`] : []),
      ...(done.spent === undefined ? [] : [`${formatCost(done.spent)} spent in all`]),
    ];
    stdout.write(`${[output, output_lists].filter(Boolean).join(', ')}: ${parts.join(', ')}\n`);
  } finally {
    shown.end();
  }
}
