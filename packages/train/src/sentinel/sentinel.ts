import type { Alarm, AlarmCode } from './alarm.js';

/** What the sentinel is shown of an update; a `StepEvent` has it. */
export interface SeenUpdate {
  /** Updates done, from 1. */
  readonly update: number;
  readonly loss: number;
  readonly learningRate: number;
  /** L2 norm over all gradients, before clipping. */
  readonly gradientNorm: number;
  /** fp16 left it out. */
  readonly skipped?: true;
  /** Standard deviation of the update's scores; absent where the session tells none. */
  readonly scoreSpread?: number;
}

/** The loss of a model that gives everything one score. */
export interface ChanceLevel {
  readonly loss: number;
  /** Such as `ln 2` or `ln 8`. */
  readonly name: string;
}

export interface SentinelOptions {
  /** Where the loss stands when nothing is told apart; absent for losses that have no such level. */
  readonly chance?: ChanceLevel;
  /** Updates of warm-up, in which nothing is expected to be learned yet. */
  readonly warmup: number;
  /** Updates that something must last to be an alarm. @default 30 */
  readonly window?: number;
}

/** Watches a run for collapse. */
export interface Sentinel {
  /** Looks at an update; the first alarm of each kind is given, and again after the trouble was over. */
  look(seen: SeenUpdate): Alarm | undefined;
  /** Forgets what it saw: the run went back. */
  restart(): void;
}

/** Shares and multiples that tell trouble from noise. */
const NEAR_CHANCE = 0.005;
const SPIKE = 3;
const NORM_SPIKE = 30;
const VANISHED = 1e-5;
const ONE_SCORE = 1e-4;

const atRate = (seen: SeenUpdate): string => `at a rate of ${seen.learningRate.toExponential(1)}`;

/**
 * Looks at every update for the ways in which retrieval models are known to collapse: numbers that are none, a loss that jumps and
 * stays (FlagEmbedding#865), one that stands at the level of chance (#864: ln 2 for 20 epochs), one score for every pair, gradients
 * that vanish.
 */
export function sentinel({ chance, warmup, window = 30 }: SentinelOptions): Sentinel {
  let recent: SeenUpdate[] = [];
  let sound: SeenUpdate[] = [];
  let raised = new Set<AlarmCode>();
  const tests: readonly [
    AlarmCode,
    (seen: SeenUpdate) => Omit<Alarm, 'code' | 'update' | 'since'> | undefined,
  ][] = [
    ['spike', (seen) => spike(seen, recent, sound)],
    ['plateau', (seen) => plateau(seen, recent, chance)],
    ['constant-scores', (seen) => constantScores(seen, recent)],
    ['vanishing-gradient', (seen) => vanishing(seen, recent, sound)],
  ];
  return {
    look(seen) {
      if (seen.skipped) return undefined;
      const { update, loss, gradientNorm } = seen;
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
        return { code: 'not-finite', update, since: update - 1, ...notFinite(seen) };
      recent = [...recent, seen];
      if (recent.length > window) {
        // The level that updates are held against is that of those before the window, while they were sound.
        const left = recent.shift()!;
        if (raised.size === 0) sound = [...sound, left].slice(-window);
      }
      if (update <= warmup + window || sound.length < window / 2 || recent.length < window) return undefined;
      let found: Alarm | undefined;
      for (const [code, test] of tests) {
        const trouble = test(seen);
        if (trouble === undefined) raised.delete(code);
        else if (!raised.has(code)) {
          raised = new Set([...raised, code]);
          found ??= { code, update, since: recent[0]!.update, ...trouble };
        }
      }
      return found;
    },
    restart() {
      recent = [];
      raised = new Set();
    },
  };
}

type Trouble = Omit<Alarm, 'code' | 'update' | 'since'>;

const notFinite = (seen: SeenUpdate): Trouble => ({
  problem: `expected finite numbers, got a loss of ${seen.loss} and a gradient norm of ${seen.gradientNorm} ${atRate(seen)}`,
  advice:
    'the rate is too high, or a row has numbers that are none: lower lr, or look at the rows of this update',
});

/** All but one in ten of the window stand far above what was sound. */
function spike(
  seen: SeenUpdate,
  recent: readonly SeenUpdate[],
  sound: readonly SeenUpdate[],
): Trouble | undefined {
  const level = median(sound.map(({ loss }) => loss));
  const half = recent.slice(Math.floor(recent.length / 2));
  const high = half.filter(({ loss }) => loss > SPIKE * level && loss - level > 0.1).length;
  if (high >= 0.9 * half.length)
    return {
      problem: `expected a loss near ${level.toPrecision(3)}, got ${median(half.map(({ loss }) => loss)).toPrecision(3)} for ${half.length} updates ${atRate(seen)}`,
      advice:
        'the model jumped to where it tells nothing apart: lower lr, lengthen the warm-up, or lower max_grad_norm',
    };
  const norm = median(sound.map(({ gradientNorm }) => gradientNorm));
  const wild = half.filter(({ gradientNorm }) => gradientNorm > NORM_SPIKE * norm).length;
  if (norm === 0 || wild < 0.9 * half.length) return undefined;
  return {
    problem: `expected gradients of a norm near ${norm.toPrecision(3)}, got ${seen.gradientNorm.toPrecision(3)} for ${half.length} updates ${atRate(seen)}`,
    advice: 'the run is about to diverge: lower lr, or lower max_grad_norm',
  };
}

/** The mean of the window is the level of chance. */
function plateau(
  seen: SeenUpdate,
  recent: readonly SeenUpdate[],
  chance: ChanceLevel | undefined,
): Trouble | undefined {
  if (chance === undefined) return undefined;
  const mean = recent.reduce((sum, { loss }) => sum + loss, 0) / recent.length;
  const isFlat = recent.every(({ loss }) => Math.abs(loss - chance.loss) < 10 * NEAR_CHANCE * chance.loss);
  if (!isFlat || Math.abs(mean - chance.loss) > NEAR_CHANCE * chance.loss) return undefined;
  return {
    problem: `expected a loss below ${chance.loss.toFixed(4)} (${chance.name}: one score for everything), got ${mean.toFixed(4)} for ${recent.length} updates ${atRate(seen)}`,
    advice:
      'nothing is told apart: the rate is far too high or too low, the labels are all one or wrong, or the temperature hides the scores; `rag doctor` looks at them',
  };
}

/** Scores of pairs that differ do not. */
function constantScores(seen: SeenUpdate, recent: readonly SeenUpdate[]): Trouble | undefined {
  if (!recent.every(({ scoreSpread }) => scoreSpread !== undefined && scoreSpread < ONE_SCORE))
    return undefined;
  return {
    problem: `expected scores that differ, got a spread of ${seen.scoreSpread!.toExponential(1)} for ${recent.length} updates ${atRate(seen)}`,
    advice: 'every text gets one score: lower lr and start again from a sound checkpoint',
  };
}

/** Nothing moves although there is something to learn. */
function vanishing(
  seen: SeenUpdate,
  recent: readonly SeenUpdate[],
  sound: readonly SeenUpdate[],
): Trouble | undefined {
  const level = median(sound.map(({ gradientNorm }) => gradientNorm));
  const lossLevel = median(sound.map(({ loss }) => loss));
  const isLearned = seen.loss < 0.05 * Math.abs(lossLevel) || seen.loss < 1e-3;
  if (isLearned || !recent.every(({ gradientNorm }) => gradientNorm < VANISHED * level)) return undefined;
  return {
    problem: `expected gradients of a norm near ${level.toPrecision(3)}, got ${seen.gradientNorm.toExponential(1)} for ${recent.length} updates at a loss of ${seen.loss.toPrecision(3)}`,
    advice:
      'the model no longer learns: scores are saturated (a low temperature, too high a rate before), or what is trained is frozen',
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
