import { z } from 'zod';
import type { LoggedStep, StepLogState } from '../recipes/step-log.js';
import type { TrainerPosition } from '../trainer-position.js';
import { CheckpointError } from './checkpoint-error.js';
import type { RunIdentity } from './run-identity.js';
import type { StoredParameters } from './state-file.js';

/** The model of a run that its metric likes best so far. */
export interface BestCheckpoint {
  /** Of its directory, such as `checkpoint_0`. */
  readonly name: string;
  readonly value: number;
}

/** Where a run stands between two updates, as its checkpoint tells it: the text of trainer_state.json. */
export interface RunState extends StepLogState {
  /** What trackers know the run by. */
  readonly id: string;
  readonly identity: RunIdentity;
  readonly position: TrainerPosition;
  readonly total_updates: number;
  /** Of the training session. */
  readonly session: {
    /** Updates that were applied. */
    readonly step: number;
    readonly loss_scale?: {
      readonly scale: number;
      readonly weight: number;
      readonly applied: number;
      readonly skipped: number;
      readonly skippedInARow: number;
    };
  };
  readonly parameters: StoredParameters;
  /** What the evaluator found between, as it tells it in run.json. */
  readonly evaluations: readonly Readonly<Record<string, unknown>>[];
  readonly best?: BestCheckpoint;
  /** Evaluations in a row without a gain. */
  readonly without_gain: number;
  /** What the settings' rate is multiplied by since the run went back; absent where it never did. */
  readonly rate_factor?: number;
  /** Whether the checkpoint is evaluated once it is written; what goes on from it does so again. */
  readonly evaluate: boolean;
}

/** Counts up when older readers would misread it. */
const VERSION = 1;

const count = z.number().int().min(0);
const digest = z.number().int().min(0).max(0xffffffff);
const maybeNumber = z.number().nullable();
const texts = z.record(z.string(), z.string());

const schema = z.strictObject({
  version: z.literal(VERSION),
  id: z.string().regex(/^[\w-]{1,64}$/),
  identity: z.strictObject({
    task: z.string(),
    settings: z.record(z.string(), z.unknown()),
    data: z.record(z.string(), z.array(z.string())),
    model: z.string(),
    threads: z.number().int().min(1),
    versions: texts,
  }),
  position: z.strictObject({
    ...{ update: count, skipped: count, epoch: count, batch: count, tokens: count },
    milliseconds: z.number().min(0),
    loss: z.strictObject({ sum: z.number(), weight: z.number().min(0) }),
  }),
  total_updates: count,
  session: z.strictObject({
    step: count,
    loss_scale: z
      .strictObject({
        ...{ scale: z.number().positive(), weight: z.number().positive() },
        ...{ applied: count, skipped: count, skippedInARow: count },
      })
      .optional(),
  }),
  parameters: z.record(
    z.string(),
    z.strictObject({ tensor: z.string().optional(), digests: z.tuple([digest, digest, digest]) }),
  ),
  history: z.array(
    z.strictObject({
      ...{ epoch: count, update: count, learningRate: z.number() },
      // JSON has no NaN: that of a line whose updates were all skipped.
      ...{ loss: maybeNumber, gradientNorm: maybeNumber },
      ...{ skipped: count.optional(), lossScale: z.number().optional() },
    }),
  ),
  unlogged: z.strictObject({ losses: z.array(z.number()), skipped: count }),
  evaluations: z.array(z.record(z.string(), z.unknown())),
  best: z.strictObject({ name: z.string(), value: z.number() }).optional(),
  without_gain: count,
  rate_factor: z.number().positive().max(1).optional(),
  evaluate: z.boolean(),
});

export const encodeRunState = (state: RunState): string =>
  `${JSON.stringify({ version: VERSION, ...state }, null, 1)}\n`;

/**
 * Reads trainer_state.json, and refuses everything that no run wrote.
 * @param path of the file, for errors
 * @throws CheckpointError
 */
export function decodeRunState(text: string, path: string): RunState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      path,
      `expected JSON, got ${JSON.stringify(text.slice(0, 40))}… (${(cause as Error).message})`,
      { cause },
    );
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const { path: at, message } = result.error.issues[0]!;
    const version = (value as { version?: unknown } | null)?.version;
    throw new CheckpointError(
      path,
      version === VERSION
        ? `expected the state of a run, got ${at.map(String).join('.') || 'something else'}: ${message}`
        : `expected the state of a run, version ${VERSION}, got ${version === undefined ? 'one without a version, which a run of an older @rag/train wrote' : `version ${JSON.stringify(version)}`}`,
      { cause: result.error },
    );
  }
  const { version: _, ...state } = result.data;
  return {
    ...(state as Omit<RunState, 'history'>),
    history: state.history.map(({ loss, gradientNorm, ...line }) => ({
      ...(line as LoggedStep),
      loss: loss ?? Number.NaN,
      gradientNorm: gradientNorm ?? Number.NaN,
    })),
  };
}
