import type { Comparison } from '../compare/compare-systems.js';
import type { ComparisonFacts } from '../report/comparison-page.js';
import type { AnyModelFlags } from './any-model-flags.js';
import type { CollectionFlags } from './collection-flags.js';
import type { ComparisonFlags } from './comparison-flags.js';
import type { AnyModel } from './open-any-model.js';

/** The flags of `rag eval compare`. */
export interface CompareFlags extends AnyModelFlags, CollectionFlags, ComparisonFlags {
  readonly label_key?: string;
  /** Documents per query that words find and a reranker orders. */
  readonly candidates: number;
}

/** Models on the same judged queries, one open at a time. */
export interface ComparedModels {
  /** Runs a model on the queries. */
  add(name: string, opened: AnyModel): Promise<void>;
  /** Once all are added. */
  result(): Promise<{ readonly comparison: Comparison; readonly facts: Omit<ComparisonFacts, 'version'> }>;
}
