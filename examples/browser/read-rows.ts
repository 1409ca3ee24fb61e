import { blobSource, openRecords } from '@rag/data';
import type { Row } from './protocol.js';

/**
 * The rows of a JSONL file in any shape that training takes, one per query.
 * @throws DataError naming the line
 */
export async function readRows(file: Blob, name: string): Promise<Row[]> {
  const records = await openRecords([blobSource(name, file)]);
  const byQuery = new Map<string, Map<string, number>>();
  for (let i = 0; i < records.length; i++) {
    const record = await records.read(i);
    const passages = byQuery.get(record.query) ?? new Map<string, number>();
    byQuery.set(record.query, passages);
    if (record.shape === 'lists') {
      for (const text of record.neg) passages.set(text, 0);
      for (const text of record.pos) passages.set(text, 1);
    } else {
      const hits = record.shape === 'hits' ? record.hits : [record];
      for (const { content, label } of hits) passages.set(content, label);
    }
  }
  await records.close();
  return [...byQuery].map(([query, passages]) => ({
    query,
    passages: [...passages.keys()],
    labels: [...passages.values()],
  }));
}
