import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MixModel, type Mixture, openCheckpoint, openMixture } from '@rag/models';
import { type DirectorySource, openHubOrDirectory, saveCheckpoint } from '@rag/models/node';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { choice, wholeNumber } from '../config/kind.js';
import { exampleWeights, MIX_TEMPERATURE } from '../mix/example-weights.js';
import { MIX_TASKS, type MixTaskOptions, mixTasks } from '../mix/mix-task.js';
import {
  ALPHAS,
  alphaText,
  bestPoint,
  describeRule,
  formatSweep,
  GUARD_LOSS,
  type SweepPoint,
} from '../mix/sweep.js';
import { sweepPlot } from '../mix/sweep-plot.js';
import { taskOfModel } from '../mix/task-of-model.js';
import { openModel } from '../recipes/open-model.js';
import { openSources } from '../run-files.js';
import type { CommandStreams } from './command-line.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, hubFlagNames, hubOptions } from './hub-flags.js';
import { alphasOf, layersOf, type MixFlags, mixWay, numbersOf, underMixFlag } from './mix-flags.js';
import { nodeFiles } from './node-files.js';

/** `rag mix`: a linear mix of models by weights, by a few examples, or the best of a sweep between a base and a tuned model. */
export function mixCommand(streams: CommandStreams): Command {
  const count = (name: string) => flagParser(name, wholeNumber(1));
  const number = (name: string) => (value: string) => {
    const [found, ...others] = numbersOf(name, [value]);
    if (others.length === 0) return found!;
    throw new ConfigError(name, undefined, `expected a number, got ${JSON.stringify(value)}`);
  };
  return addHubFlags(new Command('mix'))
    .description('mix models of one base (LM-Cocktail)')
    .requiredOption('--models <name...>', 'model directories, or names of the hub; the base first')
    .option('--output <directory>', 'where the mix goes; files beside weights are those of the first model')
    .option('--overwrite', 'write into a directory that holds other files, too')
    .option('--weights <n...>', 'one per model, with the sum 1')
    .option('--normalize', 'divide weights by their sum')
    .option(
      '--layers <pattern=n,n...>',
      'weights of tensors whose name matches a regular expression; the first counts',
    )
    .option('--examples <path...>', 'weights by the losses on a few rows: softmax(−loss / temperature)')
    .option('--temperature <n>', `of --examples; ${MIX_TEMPERATURE} without it`, number('--temperature'))
    .option('--sweep', 'judge mixes of two models, a base and a tuned one, on two sets')
    .option('--domain <path...>', 'rows of what the tuned model learned')
    .option('--guard <path...>', 'rows of what the base must not lose')
    .option('--alphas <n...>', 'weights of the tuned model; 0, 0.1 … 1 without it')
    .option('--metric <name>', 'what is judged; ndcg@10 without it')
    .option(
      '--guard_loss <n>',
      `how far the guard’s metric may fall; ${GUARD_LOSS} without it`,
      number('--guard_loss'),
    )
    .option('--plot <file>', 'an SVG of the sweep')
    .option(
      '--task <name>',
      `${MIX_TASKS.join(', ')}; as the first model’s files say without it`,
      flagParser('--task', choice(MIX_TASKS)),
    )
    .option('--batch_size <n>', 'texts or pairs per batch', count('--batch_size'))
    .option('--threads <n>', 'threads of ONNX Runtime', count('--threads'))
    .action(async (flags: MixFlags) => {
      const way = mixWay(flags);
      const given = way === 'weights' ? numbersOf('--weights', flags.weights!) : undefined;
      const layers = layersOf(flags.layers);
      const models = await openModels(flags, streams);
      const mixture = await openMixture(models);
      for (const note of mixture.notes) streams.stdout.write(`${note}\n`);
      if (way === 'sweep') return sweep(mixture, models, flags, streams);
      const weights = given ?? (await weightsByExamples(models, flags, streams));
      const { normalize = false } = flags;
      await save(mixture, { weights, layers, normalize }, flags.output!, flags, streams);
    });
}

/** A model whose files are in a directory of this machine, also where it came from the hub. */
interface LocalModel extends MixModel {
  readonly source: DirectorySource;
}

/** `--revision` is of the models that are no directories. */
async function openModels({ models, ...flags }: MixFlags, { stderr }: CommandStreams): Promise<LocalModel[]> {
  const { revision, ...hub } = hubOptions(flags, stderr);
  const opened: LocalModel[] = [];
  for (const name of models) {
    const isHere = (await stat(name).catch(() => undefined))?.isDirectory() ?? false;
    const options = { ...hub, ...(!isHere && revision !== undefined && { revision }) };
    const open = async () => {
      const source = await openHubOrDirectory(name, options);
      // What is wrong with its files is said with its name.
      await openCheckpoint(source);
      return source;
    };
    opened.push({ name, source: await openModel(name, open, hubFlagNames) });
  }
  return opened;
}

async function save(
  mixture: Mixture,
  weights: Parameters<Mixture['mix']>[0],
  output: string,
  { overwrite = false }: MixFlags,
  { stdout }: CommandStreams,
): Promise<void> {
  const mixed = await mixture.mix(weights).catch((cause: unknown) => {
    throw underMixFlag(cause);
  });
  await saveCheckpoint(output, mixed, { overwrite });
  stdout.write(`${output}: written\n`);
}

const optionsOf = ({ threads, batch_size }: MixFlags): MixTaskOptions => ({
  ...(threads !== undefined && { threads }),
  ...(batch_size !== undefined && { batchSize: batch_size }),
});

async function weightsByExamples(
  models: readonly LocalModel[],
  flags: MixFlags,
  { stdout }: CommandStreams,
): Promise<number[]> {
  const task = mixTasks[flags.task ?? (await taskOfModel(models[0]!.name, models[0]!.source))];
  const lossOf = await task.loss(await openSources(nodeFiles, flags.examples!), optionsOf(flags));
  const losses: number[] = [];
  for (const { name, source } of models) losses.push(await openModel(name, () => lossOf(source.directory)));
  const weights = exampleWeights(losses, flags.temperature);
  for (const [i, { name }] of models.entries())
    stdout.write(`${name}: loss ${losses[i]!.toFixed(4)}, weight ${weights[i]!.toFixed(4)}\n`);
  return weights;
}

async function sweep(
  mixture: Mixture,
  models: readonly MixModel[],
  flags: MixFlags,
  streams: CommandStreams,
): Promise<void> {
  const { stdout } = streams;
  const { domain, guard, metric = 'ndcg@10', guard_loss: guardLoss = GUARD_LOSS } = flags;
  if (models.length !== 2)
    throw new ConfigError('--models', undefined, `expected a base and a tuned model, got ${models.length}`);
  if (domain === undefined || guard === undefined)
    throw new ConfigError('--sweep', undefined, 'expected --domain and --guard, got not both — give rows');
  const [base, tuned] = models as [MixModel, MixModel];
  const task = mixTasks[flags.task ?? (await taskOfModel(base.name, base.source))];
  if (!task.metrics.includes(metric))
    throw new ConfigError(
      '--metric',
      undefined,
      `expected one of ${task.metrics.join(', ')}, got ${JSON.stringify(metric)}`,
    );
  const alphas = flags.alphas === undefined ? ALPHAS : alphasOf(flags.alphas);
  const judges = {
    domain: await task.judge(await openSources(nodeFiles, domain), optionsOf(flags)),
    guard: await task.judge(await openSources(nodeFiles, guard), optionsOf(flags)),
  };
  const points: SweepPoint[] = [];
  // ONNX Runtime maps weights out of files; a model in memory must have less than 2 GiB.
  const folder = await mkdtemp(join(tmpdir(), 'rag-mix-'));
  try {
    for (const alpha of alphas) {
      const model = join(folder, 'model');
      await saveCheckpoint(model, await mixture.mix({ weights: [1 - alpha, alpha] }), { overwrite: true });
      const point = {
        alpha,
        domain: (await judges.domain(model))[metric]!,
        guard: (await judges.guard(model))[metric]!,
      };
      points.push(point);
      const [ours, theirs] = [point.domain, point.guard].map(({ mean }) => mean.toFixed(3));
      stdout.write(`${alphaText(alpha)}: domain ${ours}, guard ${theirs}\n`);
      await rm(model, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const best = bestPoint(points, guardLoss);
  stdout.write(
    `${formatSweep(points, metric)}\n${describeRule(metric, guardLoss)}\nbest ${alphaText(best.alpha)}\n`,
  );
  if (flags.plot !== undefined) {
    const names = { base: base.name, tuned: tuned.name };
    await nodeFiles.writeText(flags.plot, sweepPlot(points, { metric, best, guardLoss, ...names }));
    stdout.write(`${flags.plot}: written\n`);
  }
  if (flags.output !== undefined)
    await save(mixture, { weights: [1 - best.alpha, best.alpha] }, flags.output, flags, streams);
}
