import { evaluateRanking, type MetricName } from '@rag/eval';

/**
 * What random order scores: the exact expected mean of each metric when every query finds all passages in random order. It
 * depends on nothing but how many of them are relevant, so queries with equally many are computed once.
 * @param qrels grades by query and passage; all grades above 0 are 1
 * @param passages how many there are
 */
export function retrievalChance<const Name extends MetricName>(
  qrels: ReadonlyMap<string, ReadonlyMap<string, number>>,
  passages: number,
  metrics: readonly Name[],
): Readonly<Record<Name, number>> {
  const queriesOf = new Map<number, number>();
  for (const { size } of qrels.values()) queriesOf.set(size, (queriesOf.get(size) ?? 0) + 1);
  const sums = Object.fromEntries(metrics.map((name) => [name, 0])) as Record<Name, number>;
  const scores = new Float64Array(passages);
  for (const [relevant, queries] of queriesOf) {
    const relevance = new Float64Array(passages).fill(1, 0, relevant);
    const { means } = evaluateRanking([{ relevance, scores }], metrics);
    for (const name of metrics) sums[name] += (means[name] * queries) / qrels.size;
  }
  return sums;
}
