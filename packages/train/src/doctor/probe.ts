import { OutOfMemoryError } from '@rag/runtime';
import { ConfigError } from '../config/config-error.js';
import { formatDuration } from '../progress-text.js';
import { type Finding, settingPlace } from './finding.js';
import type { MeasuredRun } from './measure-run.js';
import { formatBytes } from './run-findings.js';
import type { RunTime, TimeRange } from './run-time.js';

/** What a few updates of a run told of all. */
export interface Probe {
  /** Bytes. */
  readonly memory: {
    /** Of training, as the run plans it before it begins, beside the process itself. */
    readonly planned: number;
    /** What training added to the process; of training on the host. */
    readonly measured?: number;
    /** The whole process at its largest. */
    readonly process?: number;
  };
  /** Updates that the pace was measured on. */
  readonly updates: number;
  /** Tokens of texts in the largest batch that was looked at: the one that memory was measured on. */
  readonly largestBatchTokens: number;
  readonly tokensPerEpoch: number;
  /** Of training. */
  readonly tokensPerSecond: number;
  readonly secondsPerUpdate: number;
  /** Seconds from the model's files to the first update. */
  readonly openSeconds: number;
  /** Seconds. */
  readonly time: RunTime;
  /** That share the batches in this time; what else is told here is of one. */
  readonly processes: number;
}

/** A measured run as a report has it. @param accumulation batches per update */
export function probeOf(
  { planned, measured, batches, batchesPerEpoch, updates, openSeconds }: MeasuredRun,
  accumulation: number,
  time: RunTime,
  processes = 1,
): Probe {
  const perBatch = batches.tokensPerEpoch / batchesPerEpoch;
  const perUpdate = perBatch * Math.min(accumulation, batchesPerEpoch);
  const secondsPerUpdate = perUpdate * updates.secondsPerToken.mean + updates.updateSeconds;
  return {
    memory: {
      planned: planned.total,
      ...(measured && { measured: measured.training, process: measured.process }),
    },
    updates: updates.updates,
    largestBatchTokens: batches.largest.tokens,
    tokensPerEpoch: batches.tokensPerEpoch,
    tokensPerSecond: perUpdate / secondsPerUpdate,
    ...{ secondsPerUpdate, openSeconds, time, processes },
  };
}

/** Memory, pace and time, a line each. */
export function probeLines({ memory, time, processes, ...pace }: Probe, memoryBytes?: number): string[] {
  const { planned, measured, process } = memory;
  const ofAll = memoryBytes === undefined ? '' : ` of ${formatBytes(memoryBytes)}`;
  const peak =
    measured === undefined || process === undefined
      ? ', on the device: not measured'
      : `, ${formatBytes(measured)} measured at ${pace.largestBatchTokens} tokens in a batch; the process ${formatBytes(process)}${ofAll}`;
  return [
    `memory: ${formatBytes(planned)} planned for training${peak}`,
    `pace: ${rounded(pace.tokensPerSecond)} tokens per second, ${rounded(pace.secondsPerUpdate)} s per update, of ${pace.updates} ${pace.updates === 1 ? 'update' : 'updates'} on this machine`,
    `time${processes > 1 ? ` of ${processes} processes, each as fast` : ''}: ${formatRange(time.total)}, training ${formatRange(time.training)}${time.evaluation ? `, evaluation ${formatRange(time.evaluation)}` : ''}`,
  ];
}

/** `1 min 20 s to 2 min`, or one of them where they read the same. */
export function formatRange({ least, most }: TimeRange): string {
  const [from, to] = [formatDuration(least), formatDuration(most)];
  return from === to ? from : `${from} to ${to}`;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));

/** Why a run does not get as far as its first update. */
export function probeFinding(error: unknown, sources: ReadonlyMap<string, string>): Finding {
  if (!(error instanceof Error)) throw error;
  if (error instanceof OutOfMemoryError)
    return {
      severity: 'error',
      code: 'memory',
      where: settingPlace('batch_size', sources),
      problem: `expected the batch with most tokens to fit into memory, got ${error.message.split(' — ')[0]}`,
      advice:
        'lower batch_size or max_len, compute one layer at a time (layer_split), or train fewer weights (use_lora, freeze)',
    };
  const [whole = '', ...advice] = error.message.split(' — ');
  const isSetting = error instanceof ConfigError;
  return {
    severity: 'error',
    code: isSetting && error.where === 'memory' ? 'memory' : 'no-first-update',
    where: isSetting ? error.where : 'first update',
    problem: isSetting ? whole.slice(error.where.length + 2) : whole,
    advice: advice.join(' — ') || 'mend what it says; training would end by it',
  };
}
