import { bytesSource, openDataset, texts } from '@rag/data';
import { expect, test } from 'vitest';
import { openTeacherFile } from './teacher-file.js';

const open = async (floats: number, teacherEmbeddingDim?: number) => {
  const rows = bytesSource('texts.jsonl', '{"text":"a"}\n{"text":"b"}\n');
  const dataset = await openDataset([rows], texts());
  const file = bytesSource(
    'teacher.bin',
    new Uint8Array(Float32Array.from({ length: floats }, Math.sin).buffer),
  );
  const settings = { trainDataset: ['texts.jsonl'], trainDatasetVec: 'teacher.bin', teacherEmbeddingDim };
  return openTeacherFile({ openData: async () => file }, settings, dataset);
};

test('vectors that belong to their texts', async () => {
  const { vectors, checked } = await open(6, 3);
  expect([vectors.rows, vectors.width, checked]).toEqual([2, 3, 'count']);
});

test.each([
  [6, undefined, 'teacher.bin: expected a width for a file without a header, got none', 'which is not set'],
  [6, 4, 'teacher.bin: expected 2 rows of width 4, got 6 float32 elements', 'here 4'],
  [9, 3, 'teacher.bin: expected 2 rows of width 3, got 9 float32 elements', 'here 3'],
])('%i elements, width %s: the settings and the texts are named', async (floats, width, fault, given) => {
  const error = await open(floats, width).catch((found: Error) => found);
  expect(error).toMatchObject({ name: 'ConfigError', key: 'train_dataset_vec' });
  const { message } = error as Error;
  expect(message).toContain(`train_dataset_vec: ${fault}`);
  expect(message).toContain(
    `; its width is teacher_embedding_dim, ${given}, and its rows are the 2 texts of texts.jsonl`,
  );
});
