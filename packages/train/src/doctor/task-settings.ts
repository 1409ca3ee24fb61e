import type { LabelRange } from '@rag/data';
import { candidatesOf } from '../config/check-retrieval.js';
import type { CompleteConfig } from '../config/check-shared.js';
import type { ResolvedColbert } from '../config/colbert-config.js';
import type { ResolvedEmbedding } from '../config/embedding-config.js';
import type { ResolvedReranker } from '../config/reranker-config.js';
import type { NotActive } from '../config/resolve.js';
import type { Survey } from './survey.js';
import type { TokenLimits } from './survey-tokens.js';
import { rerankerRows, retrieverRows, type TaskRows } from './task-rows.js';

/** A task with its settings, each known to be good by itself. */
export type AskedRun =
  | { readonly task: 'reranker'; readonly resolved: ResolvedReranker }
  | { readonly task: 'embedding'; readonly resolved: ResolvedEmbedding }
  | { readonly task: 'colbert'; readonly resolved: ResolvedColbert };

/** The settings of any task, as the doctor looks at them. */
export interface TaskSettings {
  readonly task: AskedRun['task'];
  readonly config: CompleteConfig & {
    readonly batchSize: number;
    readonly valDataset: readonly string[] | undefined;
  };
  readonly sources: ReadonlyMap<string, string>;
  readonly notActive: readonly NotActive[];
  readonly train: TaskRows;
  readonly val: TaskRows;
  readonly useLora: boolean;
  /** Whether all weights are trained, and saved whole. */
  readonly trainsAll: boolean;
  /** Tokens that the settings name, by their keys. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Tokens of texts in a model that takes `longest`. */
  limits(longest: number): TokenLimits;
  /** Of pointwise losses. */
  readonly labelRange?: LabelRange;
  /** Of losses over groups. */
  readonly groupSize?: number;
  readonly pooling?: string;
  /** What an in-batch loss divides cosines by; undefined for scores of other kinds. */
  readonly temperature?: number;
  /** Passages that an in-batch loss compares a query with, its own included. */
  candidatesIn(survey: Pick<Survey, 'groups'>): number | undefined;
}

/** InfoNCE's where the settings name none. */
const TEMPERATURE = 0.02;

/** The settings of a run of any task. */
export function taskSettings(asked: AskedRun): TaskSettings {
  const { sources, notActive } = asked.resolved;
  const { useLora = false, freeze, trainable } = asked.resolved.config;
  const shared = {
    ...{ task: asked.task, sources, notActive, useLora },
    trainsAll: !useLora && freeze === undefined && trainable === undefined,
  };
  if (asked.task === 'reranker') {
    const { config } = asked.resolved;
    const train = rerankerRows(config, config.trainLabelKey);
    const isPointwise = train.lossOf({}).kind === 'pointwise';
    return {
      ...{ ...shared, config, train, val: rerankerRows(config, config.valLabelKey) },
      lengths: { max_len: config.maxLen },
      limits: (longest) => ({ pair: Math.min(config.maxLen, longest) }),
      ...(isPointwise
        ? { labelRange: { min: config.minLabel, max: config.maxLabel } }
        : { groupSize: config.trainGroupSize }),
      candidatesIn: () => undefined,
    };
  }
  const { config } = asked.resolved;
  const isDistilled = 'trainType' in config && config.trainType === 'distill';
  return {
    ...{ ...shared, config, train: retrieverRows(config) },
    // Held-out rows are searched, whatever is learned.
    val: isDistilled
      ? retrieverRows({ ...config, trainType: 'train', lossType: 'infonce' })
      : retrieverRows(config),
    lengths: { query_max_len: config.queryMaxLen, passage_max_len: config.passageMaxLen },
    limits: (longest) => ({
      query: Math.min(config.queryMaxLen, longest),
      passage: Math.min(config.passageMaxLen, longest),
    }),
    ...('pooling' in config && config.pooling !== undefined && { pooling: config.pooling }),
    // Of inner products there is no usual scale.
    ...(asked.task === 'embedding' &&
      config.normalizeEmbeddings && { temperature: config.temperature ?? TEMPERATURE }),
    candidatesIn: ({ groups }) => candidatesOf(config, groups.count > groups.withoutNegatives.count),
  };
}
