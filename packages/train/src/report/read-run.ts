import { z } from 'zod';
import { cutText } from '../compare/query-examples.js';
import { ConfigError } from '../config/config-error.js';

/** Bytes of a run.json that are read: a run of 100,000 logged lines has 20 MB. */
export const MOST_RUN_BYTES = 2 ** 26;

const text = z.string();
/** NaN and infinities are null in JSON. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const count = z.number().nonnegative();
const interval = z.object({ mean: number, low: number, high: number });
const intervals = z.record(text, interval);
const report = z.looseObject({ metrics: intervals.optional() });
const few = <Item extends z.ZodType>(item: Item, most: number) => z.array(item).max(most);

const exampleResult = z.object({
  value: number,
  rank: z.number().optional(),
  top: text.optional(),
  topIsRelevant: z.boolean(),
});
const example = z.object({
  id: text,
  query: text.optional(),
  relevant: text.optional(),
  before: exampleResult,
  after: exampleResult,
});
const comparison = z.object({
  queries: count,
  judgedBy: text,
  systems: few(z.object({ name: text, metrics: intervals }), 20),
  comparisons: few(
    z.object({
      before: text,
      after: text,
      difference: z.record(
        text,
        z.object({ difference: number, low: number, high: number, pValue: number, superiority: number }),
      ),
      outcomes: z.record(text, z.object({ wins: count, ties: count, losses: count })),
      slices: few(
        z.object({
          ...{ axis: text, name: text, queries: count, isSmall: z.boolean() },
          ...{ before: number, after: number, difference: number },
          interval: z.object({ low: number, high: number }).optional(),
        }),
        500,
      ),
      distribution: few(count, 200),
      improved: few(example, 200),
      worsened: few(example, 200),
    }),
    20,
  ),
  resampling: z.object({ seed: number, resamples: number, level: number }),
});

const lengths = z.looseObject({
  count,
  mean: number,
  p50: number,
  p99: number,
  most: number,
  bands: few(count, 200).optional(),
});
const scripts = z.record(text, count);
const survey = z.looseObject({
  rows: count,
  passages: count,
  scripts: z.object({ query: scripts, passage: scripts }).optional(),
  characters: z.object({ query: lengths, passage: lengths }).optional(),
});
const finding = z.object({ severity: text, code: text, where: text, problem: text, advice: text });
const files = few(
  z.looseObject({ file: text, bytes: count.optional(), rows: count.optional(), sha256: text.optional() }),
  10_000,
);
const summary = z.looseObject({
  rows: count.optional(),
  queries: count.optional(),
  passages: count.optional(),
  positives: count.optional(),
  negatives: count.optional(),
  bins: few(z.object({ from: number, to: number, count }), 100).optional(),
});

const runSchema = z.looseObject({
  id: text.optional(),
  rag: text.optional(),
  task: text,
  versions: z.record(text, text).optional(),
  settings: z.record(text, z.unknown()),
  ran: z.record(text, z.unknown()).optional(),
  model: z.looseObject({ name: text, model_type: text.optional(), commit: text.optional() }),
  not_active: few(
    z.looseObject({ key: text, running: text.optional(), reason: text.optional() }),
    1000,
  ).optional(),
  memory: z.record(text, z.unknown()).optional(),
  train: z.looseObject({ summary: summary.optional(), files: files.optional() }).optional(),
  val: z.looseObject({ files: files.optional() }).optional(),
  result: z.looseObject({
    ...{ updates: count, tokens: count, seconds: number, meanLoss: number },
    best: z.looseObject({ name: text, value: number, metric: text }).optional(),
    stopped: text.optional(),
  }),
  evaluation: z
    .looseObject({
      before: z.unknown(),
      after: z.unknown(),
      bm25: intervals.optional(),
      chance: z.record(text, z.unknown()).optional(),
      epochs: few(z.looseObject({ epoch: count, update: count.optional() }), 100_000).optional(),
    })
    .optional(),
  comparison: comparison.optional(),
  history: few(
    z.looseObject({
      update: count,
      epoch: number,
      loss: number,
      learningRate: number,
      gradientNorm: number,
      lossScale: number.optional(),
    }),
    2_000_000,
  ),
  doctor: z
    .looseObject({
      train: survey.optional(),
      tokens: z.looseObject({ query: lengths, passage: lengths }).optional(),
      findings: few(finding, 1000).optional(),
      estimate: z.looseObject({ updatesPerEpoch: count.optional() }).optional(),
    })
    .optional(),
});

/** What run.json tells, as far as a page shows it. */
export type RunFile = z.output<typeof runSchema>;

/**
 * Reads the text of a run.json; what a page does not show may be anything.
 * @param where names the file in errors
 * @throws ConfigError for a text that is cut off, too long, nested too deep, or of another shape
 */
export function readRunFile(content: string, where: string): RunFile {
  const fail = (expected: string, got: string, advice: string, cause?: unknown): never => {
    throw new ConfigError(where, undefined, `expected ${expected}, got ${got} — ${advice}`, { cause });
  };
  if (content.length > MOST_RUN_BYTES)
    return fail(
      `at most ${MOST_RUN_BYTES / 2 ** 20} MiB`,
      `${(content.length / 2 ** 20).toFixed(0)} MiB`,
      'a run writes less: check the path',
    );
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    return fail(
      'the JSON of a run',
      (cause as Error).message,
      'the file may be cut off: train again, or restore it',
      cause,
    );
  }
  const read = runSchema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue!.path.map(String).join('.');
  return fail(
    `the run.json of \`rag train\`${place === '' ? '' : ` ("${cutText(place, 120)}")`}`,
    issue!.message,
    'point at the output_dir of a run',
    read.error,
  );
}

/** Metrics of a model: rerankers have them as they are, retrievers in a report. */
export function metricsOf(given: unknown): Readonly<Record<string, z.output<typeof interval>>> | undefined {
  const bare = intervals.safeParse(given);
  if (bare.success && Object.keys(bare.data).length > 0) return bare.data;
  const found = report.safeParse(given);
  return found.success ? found.data.metrics : undefined;
}

/** A number, or the mean of an object: chance is told in either way. */
export const meanOf = (given: unknown): number | undefined => {
  if (typeof given === 'number') return given;
  const found = z.looseObject({ mean: z.number() }).safeParse(given);
  return found.success ? found.data.mean : undefined;
};
