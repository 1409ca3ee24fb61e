import { ConfigError } from '../config/config-error.js';
import { runStart } from '../recipes/run-start.js';
import type { RunFiles } from '../run-files.js';
import { dataFindings, faultFinding, leakFindings } from './data-findings.js';
import { type Finding, settingPlace } from './finding.js';
import { learningFindings } from './learning-findings.js';
import type { MeasuredRun } from './measure-run.js';
import { type ModelFacts, modelFacts } from './model-facts.js';
import { type Probe, probeFinding, probeOf } from './probe.js';
import type { ReadRows } from './read-rows.js';
import { estimateRun, type RunEstimate } from './run-estimate.js';
import { runFindings } from './run-findings.js';
import { evaluationTokens, runTime } from './run-time.js';
import { type Survey, type Surveyor, surveyor } from './survey.js';
import { sampledRows, type TokenSurvey, tokenSurveyor } from './survey-tokens.js';
import { type AskedRun, type TaskSettings, taskSettings } from './task-settings.js';
import { tokenFindings } from './token-findings.js';

/** What the doctor needs from the platform. */
export interface DoctorPlatform {
  readonly files: RunFiles;
  /** Bytes that may be written under a path that need not exist yet; undefined where nobody can tell. */
  freeBytes?(path: string): Promise<number | undefined>;
  /** Of the machine. */
  readonly memoryBytes?: number;
  /** That train together; without it, `num_processes`. */
  readonly processes?: number;
  /** Measures a few updates of a run that nothing is wrong with: `measureRun`. Without it nothing is trained. */
  probe?(asked: AskedRun): Promise<MeasuredRun>;
}

/** What the doctor saw of a run. */
export interface DoctorReport {
  readonly task: AskedRun['task'];
  /** The name of the loss. */
  readonly loss: string;
  readonly train: Survey;
  readonly val?: Survey;
  /** Of a sample; absent where model or rows could not be read. */
  readonly tokens?: TokenSurvey;
  readonly model?: Omit<ModelFacts, 'tokenizer'>;
  readonly estimate: RunEstimate;
  readonly freeBytes?: number;
  /** Of the machine. */
  readonly memoryBytes?: number;
  /** Memory and time, measured; absent where nothing was asked for, or where there were errors before. */
  readonly probe?: Probe;
  /** Errors first. */
  readonly findings: readonly Finding[];
}

/** Characters that are tokenized, of rows spread evenly over all. */
const TOKEN_BUDGET = 4_000_000;

/**
 * Reads what a run would read, but for weights, and says what is wrong with it; writes nothing, and trains nothing but what `probe` does. Rows stream by; in memory
 * stay 40 bytes a row and at most 100 MB for each of three tables of texts, for training rows and for evaluation rows.
 * What is wrong with model, rows and settings are findings, not errors.
 */
export async function examine(asked: AskedRun, platform: DoctorPlatform): Promise<DoctorReport> {
  const settings = taskSettings(asked);
  const { config, sources, train: rows } = settings;
  const { files, freeBytes, memoryBytes } = platform;
  const processes = platform.processes ?? config.numProcesses ?? 1;
  const findings: Finding[] = [];
  const model = await modelFacts(files, config).catch((error: unknown) => {
    findings.push(errorFinding('model', settingPlace('model_name_or_path', sources), error));
    return undefined;
  });
  const { labelRange, groupSize } = settings;
  const looking = surveyor({
    ...(labelRange && { labelRange }),
    ...(groupSize !== undefined && { groupSize }),
  });
  const read = await rows.read(files, config.trainDataset, looking);
  try {
    const loss = rows.lossOf(read.shapes);
    const train = looking.survey();
    const examples = read.examples(loss.name);
    if (read.problem === undefined)
      findings.push(
        ...dataFindings({
          ...settings,
          ...{ paths: config.trainDataset, survey: train, loss, examples },
          faults: read.faults,
          batchSize: config.batchSize,
        }),
      );
    else findings.push(...fileFindings('train_dataset', read, sources));
    const tokens = model && (await tokensOf(read, train, settings, model));
    if (model && tokens)
      findings.push(...tokenFindings({ tokens, limits: settings.limits(model.longest), model, sources }));
    const candidates = settings.candidatesIn(train);
    findings.push(
      ...learningFindings({
        ...{ ...settings, lr: config.lr, batchSize: config.batchSize, loss },
        ...(candidates !== undefined && { candidates }),
        ...(model && { model }),
      }),
    );
    const val =
      config.valDataset && (await evaluationRows(files, config.valDataset, settings, looking, findings));
    const estimate = estimateRun({
      ...estimateOptions(config),
      ...{ examples: examples.count, trainsAll: settings.trainsAll, processes },
      ...(model?.parameters !== undefined && { parameters: model.parameters }),
    });
    const free = await freeBytes?.(config.outputDir);
    const { warmupSteps, ...laidOut } = config;
    findings.push(
      ...runFindings({
        ...{ ...settings, ...laidOut, estimate, hasEvaluation: config.valDataset !== undefined },
        ...(warmupSteps !== undefined && { warmupSteps }),
        ...(model && { longest: model.longest }),
        ...(free !== undefined && { freeBytes: free }),
        ...(memoryBytes !== undefined && { memoryBytes }),
      }),
    );
    await runStart({ config }, { files, listener: { say: () => {}, step: () => {} } }).catch(
      (error: unknown) =>
        findings.push(errorFinding('earlier-run', settingPlace('output_dir', sources), error)),
    );
    const measured =
      platform.probe && findings.every(({ severity }) => severity !== 'error')
        ? await platform.probe(asked).catch((error: unknown) => {
            findings.push(probeFinding(error, sources));
            return undefined;
          })
        : undefined;
    const held = val && tokens && model ? evaluationTokens(val, tokens, settings.limits(model.longest)) : 0;
    return {
      ...{ task: settings.task, loss: loss.name, train, estimate },
      ...(measured && {
        probe: probeOf(
          measured,
          config.gradientAccumulationSteps,
          runTime(measured, config, held, processes),
          processes,
        ),
      }),
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(val && { val }),
      ...(tokens && { tokens }),
      ...(model && { model: withoutTokenizer(model) }),
      ...(free !== undefined && { freeBytes: free }),
      findings: [
        ...findings.filter(({ severity }) => severity === 'error'),
        ...findings.filter(({ severity }) => severity === 'warning'),
      ],
    };
  } finally {
    await read.close();
  }
}

const withoutTokenizer = ({ tokenizer: _, ...told }: ModelFacts): Omit<ModelFacts, 'tokenizer'> => told;

function estimateOptions({ warmupSteps, ...config }: TaskSettings['config']) {
  return { ...config, ...(warmupSteps !== undefined && { warmupSteps }) };
}

/** Tokenizes rows that are spread evenly over all. */
async function tokensOf(
  read: ReadRows,
  { characters, rows, passages }: Survey,
  { limits }: Pick<TaskSettings, 'limits'>,
  { tokenizer, longest }: ModelFacts,
): Promise<TokenSurvey | undefined> {
  if (read.length === 0) return undefined;
  const mean = characters.query.mean + (characters.passage.mean * passages) / rows;
  const tokens = tokenSurveyor(tokenizer, limits(longest));
  for (const row of sampledRows(read.length, mean, TOKEN_BUDGET)) tokens.add(await read.read(row));
  return tokens.survey();
}

/** Reads held-out rows beside those of training. */
async function evaluationRows(
  files: RunFiles,
  paths: readonly string[],
  { val, sources }: TaskSettings,
  against: Surveyor,
  findings: Finding[],
): Promise<Survey> {
  const looking = surveyor({ against });
  const read = await val.read(files, paths, looking);
  await read.close();
  const survey = looking.survey();
  if (read.problem === undefined)
    findings.push(...read.faults.map((fault) => faultFinding(fault, 'bad-rows', 'mend or remove them')));
  else findings.push(...fileFindings('val_dataset', read, sources));
  findings.push(...leakFindings(survey));
  return survey;
}

/** Of a file that cannot be used, with the faults of its rows. */
function fileFindings(
  key: string,
  { problem, faults }: Pick<ReadRows, 'problem' | 'faults'>,
  sources: ReadonlyMap<string, string>,
): Finding[] {
  return [
    errorFinding('bad-file', settingPlace(key, sources), new Error(problem)),
    ...faults.map((fault) => faultFinding(fault, 'bad-rows', 'mend or remove them')),
  ];
}

/** An error of a run as a finding, with its own advice. */
function errorFinding(code: string, where: string, error: unknown): Finding {
  if (!(error instanceof Error)) throw error;
  const [problem, ...advice] = error.message.split(' — ');
  const place = error instanceof ConfigError ? problem!.slice(error.where.length + 2) : problem!;
  return { severity: 'error', code, where, problem: place, advice: advice.join(' — ') || 'check the path' };
}
