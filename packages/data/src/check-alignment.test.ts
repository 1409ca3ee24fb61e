import { expect, test } from 'vitest';
import { bytesSink } from './byte-sink.js';
import { bytesSource } from './byte-source.js';
import { checkAlignment } from './check-alignment.js';
import { openDataset } from './dataset.js';
import { openTeacherVectors } from './teacher-vectors.js';
import { formatTextHash, textHash } from './text-hash.js';
import { texts } from './texts.js';
import type { VectorFormat } from './vector-layout.js';
import { writeTeacherVectors } from './vector-writer.js';

async function vectorsOf(format: VectorFormat, rows: readonly string[]) {
  const sink = bytesSink(`v.${format}`);
  const window = { vectors: new Float32Array(rows.length * 2).fill(1), texts: rows };
  await writeTeacherVectors(sink, [window], { width: 2, format });
  return openTeacherVectors(bytesSource(sink.name, sink.bytes()), { width: 2 });
}

const dataset = (...files: string[]) =>
  openDataset(
    files.map((file, i) => bytesSource(`t${i}.jsonl`, file)),
    texts(),
  );

test('texts over two files are the rows in line order', async () => {
  const lines = await dataset('{"text": "a"}\n{"text": "b"}\n', '{"text": "c"}\n');
  expect(await checkAlignment(await vectorsOf('ragvec', ['a', 'b', 'c']), lines)).toBe('hashes');
  expect(await checkAlignment(await vectorsOf('memmap', ['x', 'y', 'z']), lines)).toBe('count');
  expect(await checkAlignment(await vectorsOf('npy', ['x', 'y', 'z']), lines)).toBe('count');
});

test.each(['memmap', 'npy', 'ragvec'] as const)('%s: another number of rows', async (format) => {
  const lines = await dataset('{"text": "a"}\n{"text": "b"}\n');
  await expect(checkAlignment(await vectorsOf(format, ['a']), lines)).rejects.toMatchObject({
    fault: 'length-mismatch',
    message: expect.stringContaining(`v.${format}: expected 2 rows (one per text), got 1 — encode exactly`),
  });
});

test('texts in another order: the first that differs, by line, row and both hashes', async () => {
  const lines = await dataset('{"text": "a"}\n', '{"text": "c"}\n{"text": "b"}\n');
  await expect(checkAlignment(await vectorsOf('ragvec', ['a', 'b', 'c']), lines)).rejects.toMatchObject({
    fault: 'changed-file',
    at: { file: 't1.jsonl', line: 1 },
    message:
      `t1.jsonl:1: expected the text of row 1 of v.ragvec, hash ${formatTextHash(textHash('b'))}, ` +
      `got a text with hash ${formatTextHash(textHash('c'))} — texts and vectors are out of step; encode the texts again`,
  });
});
