/**
 * Distils a wide embedding model into a narrow one on texts without labels, and says what it learned: no GPU, no hub, no Python.
 *
 * 1. The teacher: the model of train-embedding.ts.
 * 2. The teacher encodes texts into a file of vectors, which keeps the hash of each text: questions, passages, and scraps
 *    of passages, which show what it makes of single words.
 * 3. The student: fresh weights, half as wide, and a Dense to the teacher's width. It never sees a label.
 * 4. Distillation: `train` checks that vectors and texts belong together; the first elements of the student's vectors
 *    are trained to serve alone (Matryoshka).
 * 5. Held-out topics: the student before and after beside its teacher and BM25, and what is left of cut vectors.
 *
 * Usage: pnpm --filter examples distill [--seed 1] [--query TEXT] [--share 0.1: a tenth, for a quick look]
 */
import { writeTeacherVectors } from '@rag/data';
import { createFile } from '@rag/data/node';
import { Embedding } from '@rag/embedding';
import { embeddingParameters } from '@rag/embedding/training';
import { train } from '@rag/train/node';
import { heldOutFile, startRun, textsFile, trainFile } from './example-run.js';
import { saveFreshBert, smallBert } from './fresh-bert.js';
import { readRows, writeRows } from './json-lines.js';
import { embeddingSizes, learnEmbedding, pooled } from './learn-embedding.js';
import { printFound, printQuality } from './quality-table.js';
import { heldOutPassages, search } from './search.js';
import { inverseCloze, type Row } from './warm-up-rows.js';

const started = startRun('distilled', 'why does the heart beat faster when we run');
const { seed, share, output } = started;

// 1. The teacher.
const teacher = await learnEmbedding({ seed, share, output: `${output}/teacher` });

// 2. Its vectors of texts, a window at a time.
const questionsAndPassages = readRows<{ query: string }>(textsFile);
const scraps = inverseCloze(readRows<Row>(trainFile), {
  count: Math.ceil(12_000 * share),
  negatives: 0,
  shortest: 16,
  longest: 64,
  seed,
});
const texts = [...questionsAndPassages, ...scraps].map(({ query }) => query);
writeRows(
  `${output}/texts.jsonl`,
  texts.map((query) => ({ query })),
);
const model = await Embedding.fromPretrained(teacher.run.model);
const width = model.dimension;
async function* windows(size: number) {
  for (let first = 0; first < texts.length; first += size) {
    const window = texts.slice(first, first + size);
    const vectors = new Float32Array(window.length * width);
    for (const [i, vector] of (await model.encode(window)).entries()) vectors.set(vector, i * width);
    yield { vectors, texts: window };
  }
}
await writeTeacherVectors(await createFile(`${output}/teacher.ragvec`), windows(256), {
  width,
  format: 'ragvec',
});
model.dispose();

// 3. The student.
const bert = smallBert(
  questionsAndPassages.map(({ query }) => query),
  embeddingSizes(width / 2),
  { size: 2500, minFrequency: 1 },
);
await saveFreshBert(`${output}/base`, bert, embeddingParameters(bert.config, pooled), seed);

// 4. Distillation.
const run = await train({
  task: 'embedding',
  trainType: 'distill',
  modelNameOrPath: `${output}/base`,
  trainDataset: `${output}/texts.jsonl`,
  trainDatasetVec: `${output}/teacher.ragvec`,
  valDataset: heldOutFile,
  useMrl: true,
  mrlDims: [width / 8, width / 4, width / 2, width],
  queryMaxLen: 64,
  passageMaxLen: 160,
  gradCache: false,
  batchSize: 64,
  epochs: Math.max(1, Math.round(6 * share)),
  lr: 5e-3,
  seed,
  saveOnEpochEnd: false,
  outputDir: output,
});

// 5. Held-out topics.
const { queries, passages, before, after, bm25 } = run.evaluation!;
printQuality(`${queries} held-out queries on other topics over ${passages} passages, seed ${seed}`, {
  'student, untrained': before.metrics!,
  'student, distilled': after.metrics!,
  teacher: teacher.run.evaluation!.after.metrics!,
  BM25: bm25!,
});
const curve = after.curve!.map(({ dim, 'ndcg@10': ndcg }) => `${dim}: ${ndcg.toFixed(3)}`);
console.log(`\nnDCG@10 of the student by the number of elements kept: ${curve.join(', ')}`);

const student = await Embedding.fromPretrained(run.model);
printFound(started.query, await search(student, started.query, heldOutPassages(), 3));
student.dispose();
console.log(`\nThe model is in ${run.model}; it took ${started.seconds()} s.`);
