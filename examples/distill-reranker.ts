/**
 * Distils a cross-encoder by its scores into a student that never sees a label, and says what is left: no GPU, no hub, no Python.
 *
 * 1. The teacher: the model of train-reranker.ts.
 * 2. It scores questions with passages, which nobody has labelled. `distillScores`, which `rag distill scores` calls, keeps
 *    every score; stopped, it goes on.
 * 3. The student: the model that the teacher was before it saw labels. It learns the scores alone, by `regression_mse`.
 * 4. Held-out topics: the student before and after beside its teacher and BM25.
 *
 * Usage: pnpm --filter examples distill:reranker [--seed 1] [--query TEXT] [--share 0.1: a tenth, for a quick look]
 */
import { at } from '@rag/data';
import { CrossEncoder } from '@rag/reranker';
import { distillScores, modelTeacher, train } from '@rag/train/node';
import { heldOutFile, startRun, trainFile } from './example-run.js';
import { readRows, writeRows } from './json-lines.js';
import { learnReranker, rerankerSettings } from './learn-reranker.js';
import { printFound, printQuality } from './quality-table.js';
import type { Row } from './warm-up-rows.js';

const started = startRun('distilled-reranker', 'why does the heart beat faster when we run');
const { seed, share, output } = started;

// 1. The teacher.
const { warmUp, run: teacher } = await learnReranker({ seed, share, output: `${output}/teacher` });

// 2. Its scores, in (0, 1), of each question with 24 passages.
const rows = readRows<Row>(trainFile).slice(0, Math.ceil(160 * Math.sqrt(share)));
const everyPassage = rows.flatMap(({ pos }) => pos);
writeRows(
  `${output}/candidates.jsonl`,
  rows.map(({ query, pos, neg }, row) => {
    const drawn = at(seed, 'candidates', row).sample(everyPassage.length, Math.min(24, everyPassage.length));
    const contents = [...new Set([...pos, ...neg, ...drawn.map((i) => everyPassage[i]!)])].slice(0, 24);
    return { query, hits: contents.map((content) => ({ content })) };
  }),
);
const model = await CrossEncoder.fromPretrained(teacher.model);
const scored = await distillScores({
  input: [`${output}/candidates.jsonl`],
  output: `${output}/scores.jsonl`,
  teacher: modelTeacher(
    {
      computeScore: (pairs, control) =>
        model.computeScore(pairs, { ...control, maxLength: 192, normalize: true }),
    },
    { identity: { model: teacher.model } },
  ),
});
model.dispose();
console.log(`The teacher scored ${scored.pairs} pairs of ${scored.rows} questions.`);

// 3. The student.
const student = await train({
  ...rerankerSettings(seed),
  lossType: 'regression_mse',
  modelNameOrPath: warmUp.model,
  trainDataset: `${output}/scores.jsonl`,
  valDataset: heldOutFile,
  batchSize: 64,
  epochs: 1,
  lr: 1e-3,
  logInterval: 10,
  outputDir: output,
});

// 4. Held-out topics.
const { queries, before, after, bm25, chance } = student.evaluation!;
const taught = teacher.evaluation!.after;
printQuality(`${queries} held-out queries on other topics, seed ${seed}`, {
  'student, warmed up': before,
  'student, distilled': after,
  teacher: taught,
  BM25: bm25,
  chance,
});
const kept = (name: 'mrr@10' | 'ndcg@10') => `${((100 * after[name].mean) / taught[name].mean).toFixed(1)} %`;
console.log(
  `\nThe student keeps ${kept('mrr@10')} of its teacher's MRR@10 and ${kept('ndcg@10')} of its nDCG@10.`,
);

const reranker = await CrossEncoder.fromPretrained(student.model);
const passages = readRows<Row>(heldOutFile)
  .flatMap(({ pos }) => pos)
  .filter((passage) => /^[\x20-\x7e]/.test(passage));
printFound(started.query, await reranker.rerank(started.query, passages, { topK: 3, maxLength: 192 }));
reranker.dispose();
console.log(`\nThe model is in ${student.model}; it took ${started.seconds()} s.`);
