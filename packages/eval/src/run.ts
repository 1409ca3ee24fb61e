import type { Hits } from './best-hits.js';

/** What a system returned: query id → document id → score, higher is better. */
export type Run = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What judges said: query id → document id → grade; > 0 is relevant, ≤ 0 is not, absent is unjudged. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Names the hits of `topK`.
 * @param queryIds one per entry of `hits`
 * @param documentIds one per document of the corpus, in its order
 * @throws on a missing or repeated id
 */
export function runFromHits(
  hits: readonly Hits[],
  queryIds: readonly string[],
  documentIds: readonly string[],
): Run {
  if (queryIds.length !== hits.length) {
    throw new Error(
      `runFromHits: expected ${hits.length} query ids (one per query), got ${queryIds.length} — pass them in the order of the queries`,
    );
  }
  const run = new Map<string, Map<string, number>>();
  for (const [q, { documents, scores }] of hits.entries()) {
    const queryId = queryIds[q]!;
    if (run.has(queryId)) throw repeated('query', queryId);
    const named = new Map<string, number>();
    for (const [i, document] of documents.entries()) {
      const id = documentIds[document];
      if (id === undefined) {
        throw new Error(
          `runFromHits: document ${document} expected an id, got ${documentIds.length} ids — pass one per document of the corpus`,
        );
      }
      if (named.has(id)) throw repeated('document', id);
      named.set(id, scores[i]!);
    }
    run.set(queryId, named);
  }
  return run;
}

function repeated(kind: string, id: string): Error {
  return new Error(`runFromHits: ${kind} id expected once, got "${id}" twice — ids name one ${kind} each`);
}

/**
 * The order in which trec_eval ranks: by descending score, equal scores by *descending* document id, ids compared by
 * their UTF-8 bytes (`comp_sim_docno` in trec_eval's form_res_rels.c). Ranks in files are not looked at.
 */
export function trecOrder(documents: ReadonlyMap<string, number>): [document: string, score: number][] {
  return [...documents].sort(([idA, a], [idB, b]) => (a === b ? compareUtf8(idB, idA) : b > a ? 1 : -1));
}

/** Compares as strcmp does on UTF-8: by code point, where JavaScript's `<` goes by UTF-16 unit. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = codePointRank(a.charCodeAt(i)) - codePointRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF: they go behind U+E000 … U+FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
