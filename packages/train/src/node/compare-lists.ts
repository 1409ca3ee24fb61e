import { type CandidateScores, compareCandidates } from '../compare/compare-candidates.js';
import { type JudgedQueries, readJudgedQueries } from '../recipes/judged-queries.js';
import { rankingMetrics } from '../recipes/ranking-report.js';
import { describeQueries } from '../recipes/reranker-evaluation.js';
import { openSources } from '../run-files.js';
import { metricsOf } from './collection-flags.js';
import type { ComparedModels, CompareFlags } from './compared-models.js';
import { compareOptions } from './comparison-flags.js';
import { nodeFiles } from './node-files.js';
import { pairScorer } from './pair-scorer.js';

/** Rerankers on the lists of passages of files. */
export function compareLists(dataset: readonly string[], flags: CompareFlags): ComparedModels {
  const systems: CandidateScores[] = [];
  const metrics = metricsOf(flags.metrics ?? rankingMetrics);
  let judged: JudgedQueries | undefined;
  return {
    async add(name, opened) {
      const { scorer } = await pairScorer(opened, flags);
      judged ??= await readJudgedQueries(
        await openSources(nodeFiles, dataset),
        flags.label_key === undefined ? {} : { labelKey: flags.label_key },
      );
      const { queries } = judged;
      const pairs = queries.flatMap(({ query, passages }) =>
        passages.map((passage) => ({ query, prompted: query, passage })),
      );
      const scores = await scorer.score(pairs);
      let at = 0;
      const listed = queries.map(({ passages }) => {
        at += passages.length;
        return scores.slice(at - passages.length, at);
      });
      systems.push({ name, scores: listed });
    },
    async result() {
      return {
        comparison: compareCandidates(judged!.queries, systems, metrics, compareOptions(flags)),
        facts: { data: dataset, size: describeQueries(judged!), notes: [] },
      };
    },
  };
}
