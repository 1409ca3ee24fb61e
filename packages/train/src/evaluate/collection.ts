import type { ByteSource } from '@rag/data';
import { beirText, type Lines, parseQrels, type Qrels, readBeir, readBeirQrels, textLines } from '@rag/eval';
import { type RetrievalRows, readRetrievalRows } from '../recipes/retrieval-rows.js';
import type { TextPair } from './scored-pairs.js';

/** A text by its name. */
export interface NamedText {
  readonly id: string;
  readonly text: string;
}

/** What is searched, and what judges said of it. */
export interface Collection {
  readonly queries: readonly NamedText[];
  readonly qrels: Qrels;
  /** Can be read once. */
  documents(): AsyncIterable<NamedText> | Iterable<NamedText>;
  /** Texts with the similarity that somebody gave them. */
  readonly pairs: readonly TextPair[];
  /** What a reader of the numbers should know, once the documents were read. */
  notes(): readonly string[];
}

/** Reads rows of pairs, triplets and scored lists as a collection. @throws as `readRetrievalRows` */
export const rowsCollection = async (sources: readonly ByteSource[]): Promise<Collection> =>
  collectionOfRows(await readRetrievalRows(sources));

/** Rows as a collection, which can be read again: ids are `q` or `d` and the place of a text, from 0. */
export function collectionOfRows({ queries, passages, qrels, pairs }: RetrievalRows): Collection {
  const judged = queries.flatMap((text, place) =>
    qrels.has(String(place)) ? [{ id: `q${place}`, text }] : [],
  );
  const grades = [...qrels].map(([query, documents]): [string, Map<string, number>] => [
    `q${query}`,
    new Map([...documents].map(([document, grade]) => [`d${document}`, grade])),
  ]);
  return {
    queries: judged,
    qrels: new Map(grades),
    documents: () => passages.map((text, place) => ({ id: `d${place}`, text })),
    pairs: pairs.map(({ query, passage, score }) => ({
      first: queries[query]!,
      second: passages[passage]!,
      score,
    })),
    notes: () => [],
  };
}

/** Pairs with scores alone: nothing is searched. */
export const pairsCollection = (pairs: readonly TextPair[]): Collection => ({
  queries: [],
  qrels: new Map(),
  documents: () => [],
  pairs,
  notes: () => [],
});

/** The three files of a collection. */
export interface CollectionFiles {
  readonly corpus: ByteSource;
  readonly queries: ByteSource;
  readonly qrels: ByteSource;
}

/**
 * A collection in BEIR's layout; the judgements may also be TREC's, of four fields.
 * @throws LineError, and Error where a judged query has no text
 */
export async function beirCollection({ corpus, queries, qrels }: CollectionFiles): Promise<Collection> {
  const collection = await readBeir(
    { corpus: linesOf(corpus), queries: linesOf(queries), qrels: beirLines(await readQrels(qrels)) },
    { corpus: corpus.name, queries: queries.name, qrels: qrels.name },
  );
  return {
    queries: collection.queries,
    qrels: collection.qrels,
    async *documents() {
      for await (const document of collection.documents())
        yield { id: document.id, text: beirText(document) };
    },
    pairs: [],
    notes: () => {
      const { unjudgedQueries } = collection;
      const absent = collection.absentDocuments();
      return [
        ...(unjudgedQueries.length > 0
          ? [`${queries.name}: ${unjudgedQueries.length} queries are not judged and not searched`]
          : []),
        ...(absent.length > 0
          ? [
              `${qrels.name}: ${absent.length} judged documents are not in the corpus and cannot be found, the first "${absent[0]}"`,
            ]
          : []),
      ];
    },
  };
}

/** A file's lines. */
export const linesOf = (source: ByteSource): Lines => textLines(source.chunks(), source.name);

const beirHeader = 'query-id\tcorpus-id\tscore';

/** Judgements of BEIR (a table with a header) or of TREC, told apart by the first line. @throws LineError */
export async function readQrels(source: ByteSource): Promise<Qrels> {
  const head = await source.read(0, beirHeader.length);
  const isBeir = new TextDecoder().decode(head) === beirHeader;
  return (isBeir ? readBeirQrels : parseQrels)(linesOf(source), source.name);
}

/** Judgements as the lines of BEIR's table. */
function* beirLines(qrels: Qrels): Generator<string> {
  yield beirHeader;
  for (const [query, grades] of qrels)
    for (const [document, grade] of grades) yield `${query}\t${document}\t${grade}`;
}
