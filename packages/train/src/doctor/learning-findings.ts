import { type Finding, settingPlace } from './finding.js';
import type { ModelFacts } from './model-facts.js';
import type { LossUse } from './task-rows.js';

/** The settings of learning, with what they meet. */
export interface LearningToJudge {
  readonly task: 'reranker' | 'embedding' | 'colbert';
  readonly lr: number;
  readonly useLora: boolean;
  /** What scores are divided by; undefined where that is the model's own. */
  readonly temperature?: number;
  readonly pooling?: string;
  readonly batchSize: number;
  /** Passages that a query is compared with, its own included. */
  readonly candidates?: number;
  readonly loss: LossUse;
  /** Undefined where the model could not be opened. */
  readonly model?: Pick<ModelFacts, 'isFresh' | 'isDecoder' | 'hasModules' | 'parameters'>;
  readonly sources: ReadonlyMap<string, string>;
}

interface RateRange {
  readonly what: string;
  /** Below it nothing is learned. */
  readonly low: number;
  readonly high: number;
  /** Above it training diverges, or every text gets one score. */
  readonly killing: number;
}

/** Models below this many parameters take larger rates. */
const SMALL = 1e7;
/** Models above this many take smaller ones. */
const LARGE = 3e8;

/**
 * Rates that are known to work. FlagEmbedding#865: 6e-5 made bge-reranker-v2-m3 (568 M) jump in mid-run for good; BERT's authors use 2e-5
 * to 5e-5 (Devlin et al. 2018, appendix A.3), LoRA's ten times more.
 */
function rateRange({ useLora, model }: LearningToJudge): RateRange {
  if (useLora) return { what: 'adapters (LoRA)', low: 1e-5, high: 1e-3, killing: 1e-2 };
  if (model?.isFresh) return { what: 'fresh weights', low: 1e-5, high: 5e-3, killing: 0.1 };
  if (model?.isDecoder)
    return { what: 'all weights of a language model', low: 1e-7, high: 5e-5, killing: 5e-4 };
  if ((model?.parameters ?? SMALL) < SMALL)
    return { what: 'all weights of a small encoder', low: 1e-6, high: 5e-3, killing: 0.1 };
  if ((model?.parameters ?? 0) > LARGE)
    return { what: 'all weights of a large encoder', low: 5e-7, high: 5e-5, killing: 5e-4 };
  return { what: 'all weights of an encoder', low: 1e-6, high: 1e-4, killing: 1e-3 };
}

/** What is wrong with rate, temperature, batch and pooling. */
export function* learningFindings(learning: LearningToJudge): Generator<Finding> {
  yield* rateFindings(learning);
  yield* contrastFindings(learning);
  yield* poolingFindings(learning);
}

function* rateFindings(learning: LearningToJudge): Generator<Finding> {
  const { lr, sources } = learning;
  const { what, low, high, killing } = rateRange(learning);
  const where = settingPlace('lr', sources);
  const expected = `expected ${low} to ${high} for ${what}, got ${lr}`;
  if (lr > killing)
    yield {
      severity: 'error',
      code: 'high-rate',
      where,
      problem: `${expected}: models diverge at it, or give every text one score`,
      advice: `lower it to ${high} or below`,
    };
  else if (lr > high)
    yield {
      severity: 'warning',
      code: 'high-rate',
      where,
      problem: `${expected}: the loss may jump in mid-run and not come back`,
      advice: `lower it to ${high} or below`,
    };
  else if (lr < low)
    yield {
      severity: 'warning',
      code: 'low-rate',
      where,
      problem: `${expected}: the model will hardly change`,
      advice: `raise it to ${low} or above`,
    };
}

/** Difference of cosines between a positive and other passages that a trained model is good for. */
const USUAL_GAP = 0.5;
/** Share of ln N from which a loss looks flat. */
const FLAT = 0.8;

/**
 * The loss of a positive `gap` above `candidates` − 1 others after division by the temperature, as a share of ln(candidates), where all
 * are equal: near 1 there is next to nothing to gain.
 */
export function flatness(temperature: number, candidates: number, gap = USUAL_GAP): number {
  return Math.log1p((candidates - 1) * Math.exp(-gap / temperature)) / Math.log(candidates);
}

function* contrastFindings(learning: LearningToJudge): Generator<Finding> {
  const { loss, candidates, temperature, batchSize, task, sources } = learning;
  if (loss.kind !== 'in-batch' || candidates === undefined) return;
  if (candidates < 2) {
    yield {
      severity: 'error',
      code: 'no-contrast',
      where: settingPlace('batch_size', sources),
      problem: `expected another passage to compare with, got batches of ${batchSize} and rows without negatives: the loss is 0 from the start`,
      advice: 'raise batch_size, or mine negatives (rag mine)',
    };
    return;
  }
  if (candidates < 8)
    yield {
      severity: 'warning',
      code: 'few-candidates',
      where: settingPlace('batch_size', sources),
      problem: `expected 8 passages or more against each query, got ${candidates}: in-batch losses learn from many`,
      advice: 'raise batch_size (grad_cache keeps its memory that of a chunk), or add negatives',
    };
  // ColBERT's scores may be sums over tokens, which a temperature of 1 suits.
  if (temperature === undefined || task === 'colbert') return;
  const where = settingPlace('temperature', sources);
  if (temperature > 0.005 && flatness(temperature, candidates) > FLAT)
    yield {
      severity: temperature >= 1 ? 'error' : 'warning',
      code: 'high-temperature',
      where,
      problem: `expected 0.01 to 0.1 for cosines, got ${temperature}: among ${candidates} passages a model that separates well (by ${USUAL_GAP}) still has ${Math.round(100 * flatness(temperature, candidates))} % of the loss of one that knows nothing, ln ${candidates} = ${Math.log(candidates).toFixed(2)}, so the loss stays flat`,
      advice: 'set 0.02 to 0.05',
    };
  if (temperature < 0.005)
    yield {
      severity: 'warning',
      code: 'low-temperature',
      where,
      problem: `expected 0.01 to 0.1 for cosines, got ${temperature}: only the hardest passage of a batch moves the model, false negatives first`,
      advice: 'set 0.01 or more',
    };
}

function* poolingFindings({ task, pooling, model, sources }: LearningToJudge): Generator<Finding> {
  if (task !== 'embedding' || !model || model.hasModules || pooling === undefined) return;
  const where = settingPlace('pooling', sources);
  if (model.isDecoder && pooling === 'cls')
    yield {
      severity: 'error',
      code: 'pooling',
      where,
      problem:
        'expected lasttoken for a language model, got cls: its first token sees nothing but itself, so all texts get one vector',
      advice: 'set lasttoken',
    };
  else if (model.isDecoder && pooling !== 'lasttoken')
    yield {
      severity: 'warning',
      code: 'pooling',
      where,
      problem: `expected lasttoken for a language model, got ${pooling}: early tokens have not seen the text`,
      advice: 'set lasttoken, unless the model was made for it',
    };
  else if (!model.isDecoder && pooling === 'lasttoken')
    yield {
      severity: 'warning',
      code: 'pooling',
      where,
      problem: 'expected cls or mean for an encoder, got lasttoken, the closing token',
      advice: 'set mean, or cls for models of that kind (BGE)',
    };
}
