import { openTeacherVectors } from '@rag/data';
import { openFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { afterAll, expect, it } from 'vitest';
import { example, scoresUnder, tableLine } from './testing/run-example.js';

const query = '心脏为什么会跳';
const { output, run, remove } = example('distill-embedding.ts', 424_245);
afterAll(remove);

it('runs from nothing to a student that searches with cut vectors', async () => {
  const stdout = await run('--share', '0.02', '--query', query);
  expect(stdout).toContain('40 held-out queries on other topics over 87 passages, seed 424245');
  for (const system of ['student, untrained', 'student, distilled', 'teacher', 'BM25'])
    expect(stdout).toMatch(tableLine(system));
  expect(stdout).toMatch(/checked by the hash of each text/);
  expect(stdout).toMatch(
    /by the number of elements kept: 32: 0\.\d{3}, 64: 0\.\d{3}, 128: 0\.\d{3}, 256: 0\.\d{3}/,
  );
  expect(scoresUnder(query, stdout)).toHaveLength(3);

  const student = await Embedding.fromPretrained(`${output}/distilled/model`);
  const vectors = await openTeacherVectors(await openFile(`${output}/distilled/teacher.ragvec`));
  expect(student.dimension).toBe(vectors.width);
  expect(student.config.hidden_size).toBeLessThan(vectors.width);
  student.dispose();
  await vectors.close();
});
