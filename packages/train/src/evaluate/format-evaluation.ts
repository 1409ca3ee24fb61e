import { formatDifference, formatReports } from '../recipes/report-table.js';
import type { CollectionEvaluation } from './evaluate-collection.js';

/** What `rag eval` prints: how much was searched, notes, a table with intervals, the curve by width, correlations. */
export function formatEvaluation(evaluation: CollectionEvaluation): string {
  const { queries, documents, systems, difference, byWidth, similarity, notes } = evaluation;
  const count = (value: number, what: string) => `${value.toLocaleString('en')} ${what}`;
  return [
    ...(systems.length > 0
      ? [
          `${count(queries, 'queries')} over ${count(documents, 'documents')}`,
          ...notes,
          formatReports(systems.map(({ name, intervals }) => [name, intervals])),
        ]
      : []),
    ...(difference ? [`model − BM25: ${formatDifference(difference)}`] : []),
    ...(byWidth.length > 0
      ? ['by width:', formatReports(byWidth.map(({ name, intervals }) => [name, intervals]))]
      : []),
    ...similarity.map(
      ({ name, evaluation: { spearman, pearson, pairs } }) =>
        `${name}: Spearman ${spearman.toFixed(3)}, Pearson ${pearson.toFixed(3)} over ${count(pairs, 'scored pairs')}`,
    ),
  ].join('\n');
}
