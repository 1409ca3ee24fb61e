import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openFile } from '@rag/data/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeFile } from '../encode/encode-file.js';
import { rowParser } from '../encode/input-row.js';
import { vectorCodec } from '../encode/vector-codec.js';
import { openUnfinishedFile } from './unfinished-file.js';

const lines = process.env.RAG_LONG ? 10_000_000 : 60_000;
const width = 4;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-memory-'));
  function* chunks() {
    for (let first = 0; first < lines; first += 1000) {
      let text = '';
      for (let i = first; i < first + 1000; i++)
        text += `{"_id":"d${i}","title":"t","text":"passage ${i}"}\n`;
      yield text;
    }
  }
  await pipeline(Readable.from(chunks()), createWriteStream(join(folder, 'corpus.jsonl')));
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['npy', 'ragvec'] as const)(
  `${lines.toLocaleString('en')} lines become %s in the memory of a window`,
  async (format) => {
    const path = join(folder, `corpus.${format}`);
    const source = await openFile(join(folder, 'corpus.jsonl'));
    // Resident bytes at each tenth of the rows.
    const resident: number[] = [];
    const rows = await encodeFile({
      sources: [source],
      parse: rowParser({ kind: 'jsonl' }),
      encoder: {
        width,
        encode: async (texts, { onProgress }) => {
          onProgress(texts.length);
          return texts.map((text) => new Float32Array(width).fill(text.length));
        },
      },
      codec: await vectorCodec(format, width),
      file: await openUnfinishedFile(path),
      settings: async () => ({}),
      onProgress: ({ rows: done }) => {
        if (done >= ((resident.length + 1) * lines) / 10) resident.push(process.memoryUsage.rss());
      },
    });
    await source.close();
    expect(rows).toBe(lines);
    const rowBytes = width * 4 + (format === 'ragvec' ? 8 : 0);
    expect((await stat(path)).size).toBe(lines * rowBytes + (format === 'ragvec' ? 64 : 128));
    // Ids, texts or vectors of the rows would take from 16 bytes each, 128 MB in the long run.
    const growth = (Math.max(...resident.slice(2)) - Math.max(...resident.slice(0, 2))) / 2 ** 20;
    expect(resident).toHaveLength(10);
    expect(growth).toBeLessThan(64);
    console.info(`${format}: resident memory grew by ${growth.toFixed(0)} MiB behind the first fifth`);
  },
  1_800_000,
);
