import type { Facets } from './compared.js';

/** Some of the queries, by one facet. */
export interface QuerySlice {
  /** The facet, with its unit. */
  readonly axis: string;
  /** Its values in this slice. */
  readonly name: string;
  /** Places of the queries. */
  readonly queries: readonly number[];
}

interface Axis {
  readonly axis: string;
  readonly key: keyof Facets;
  /** Upper ends of bands; without them three bands of about as many queries. */
  readonly ends?: readonly number[];
}

const axes: readonly Axis[] = [
  { axis: 'query length, characters', key: 'queryLength' },
  { axis: 'relevant passage length, characters', key: 'passageLength' },
  { axis: 'where the query’s words stand in the relevant passage', key: 'part' },
  { axis: 'place of the relevant passage in its list', key: 'place', ends: [1, 3, 10] },
  { axis: 'rank of the relevant passage by words (BM25)', key: 'wordRank', ends: [1, 3, 10, 100] },
  { axis: 'script of the query', key: 'queryScript' },
  { axis: 'script of the relevant passage', key: 'passageScript' },
];

/** Queries cut by each facet that all of them have; slices of an axis share no query and hold all of them. */
export function sliceQueries(facets: readonly Facets[]): QuerySlice[] {
  return axes.flatMap(({ axis, key, ends }) => {
    const values = facets.map((each) => each[key]);
    if (values.some((value) => value === undefined)) return [];
    const slices = values.every((value) => typeof value === 'string')
      ? byName(values)
      : byBand(values as number[], ends ?? thirds(values as number[]));
    return slices.map(([name, queries]) => ({ axis, name, queries }));
  });
}

type Named = [name: string, queries: number[]];

/** The most frequent first. */
function byName(values: readonly string[]): Named[] {
  const slices = new Map<string, number[]>();
  for (const [i, value] of values.entries()) {
    const queries = slices.get(value);
    if (queries === undefined) slices.set(value, [i]);
    else queries.push(i);
  }
  return [...slices].sort(([, a], [, b]) => b.length - a.length);
}

/** The values below which a third and two thirds of them lie; fewer where many are equal. */
function thirds(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const ends = [1, 2].map((third) => sorted[Math.ceil((third * sorted.length) / 3) - 1]!);
  return [...new Set(ends)];
}

function byBand(values: readonly number[], ends: readonly number[]): Named[] {
  const bands: Named[] = [...ends, Number.POSITIVE_INFINITY].map((end, i) => [
    bandName(ends[i - 1], end),
    [],
  ]);
  for (const [i, value] of values.entries()) {
    const band = ends.findIndex((end) => value <= end);
    bands[band < 0 ? ends.length : band]![1].push(i);
  }
  return bands.filter(([, queries]) => queries.length > 0);
}

function bandName(below: number | undefined, end: number): string {
  if (below === undefined) return end === 1 ? '1' : `up to ${end}`;
  if (end === Number.POSITIVE_INFINITY) return `above ${below}`;
  return below + 1 === end ? String(end) : `${below + 1} to ${end}`;
}
