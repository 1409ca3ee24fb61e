import {
  type ByteSource,
  type EmbeddingRecord,
  embeddingReader,
  openRecords,
  openRows,
  promptedQuery,
} from '@rag/data';

type Pair = readonly [query: string, passage: string];

/** Every query with each of its passages, of rows for rerankers of any shape. @throws DataError */
export async function rerankerPairs(sources: readonly ByteSource[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const records = await openRecords(sources, { cacheBytes: 0 }, (record) => {
    const passages =
      record.shape === 'lists'
        ? [...record.pos, ...record.neg]
        : record.shape === 'hits'
          ? record.hits.map(({ content }) => content)
          : [record.content];
    for (const passage of passages) pairs.push([record.query, passage]);
  });
  await records.close();
  return pairs;
}

/** Every query, prompt in front, with each of its passages, of rows for retrievers. @throws DataError */
export async function retrieverPairs(sources: readonly ByteSource[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  await eachRow(sources, (record) => {
    for (const passage of passagesOf(record)) pairs.push([promptedQuery(record), passage]);
  });
  return pairs;
}

/** Every text of rows for retrievers, queries with their prompts, each once. @throws DataError */
export async function retrieverTexts(sources: readonly ByteSource[]): Promise<string[]> {
  const texts = new Set<string>();
  await eachRow(sources, (record) => {
    for (const text of [promptedQuery(record), ...passagesOf(record)]) texts.add(text);
  });
  return [...texts];
}

async function eachRow(
  sources: readonly ByteSource[],
  visit: (record: EmbeddingRecord) => void,
): Promise<void> {
  const rows = await openRows(sources, embeddingReader, { cacheBytes: 0 }, visit);
  await rows.close();
}

function passagesOf(record: EmbeddingRecord): readonly string[] {
  if (record.shape === 'text') return [];
  return record.shape === 'triplet' ? [...record.pos, ...record.neg] : record.pos;
}
