/**
 * Distils a language model's judgement of pairs into a small BERT, as one pipeline: an LLM decoder learns labels, scores pairs that nobody has
 * labelled, and an encoder of half its layers learns those scores alone. Both are tiny and start from nothing: no GPU, no hub, no Python.
 *
 * 1. The teacher: a Qwen2 of two layers with a scalar head (`model_type: llm_decoder`), which learns what words belong together.
 * 2. It scores other queries with their passages (`rag distill scores`).
 * 3. The student: a BERT of one layer, fresh, which learns the scores (`rag train reranker --loss_type regression_mse`).
 * 4. Held-out queries: the student before and after beside its teacher and BM25, to which no query shares a word with its passages.
 *
 * Usage: pnpm --filter examples distill:llm [--seed 1] [--query TEXT] [--share 0.1: a tenth, for a quick look]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Reranker } from '@rag/reranker';
import { wordPieceTokenizerJson } from '@rag/text';
import { distillScores, modelTeacher, train } from '@rag/train/node';
import { startRun } from './example-run.js';
import { readRows, writeRows } from './json-lines.js';
import { printFound, printQuality } from './quality-table.js';
import { topicRows, topicWords } from './topic-rows.js';
import type { Row } from './warm-up-rows.js';

const started = startRun('distilled-llm', 'planet rocket');
const { seed, share, output } = started;
const path = (name: string): string => `${output}/${name}`;

// Rows: labelled ones, others of which the teacher sees no label, and those that judge both.
const count = Math.ceil(480 * share);
writeRows(path('labelled.jsonl'), topicRows(count, seed, false));
writeRows(
  path('unlabelled.jsonl'),
  [...topicRows(count, seed + 1, false)].map(({ query, pos, neg }) => ({
    query,
    hits: [...pos, ...neg].map((content) => ({ content })),
  })),
);
writeRows(path('held-out.jsonl'), topicRows(48, seed, true));

/** A directory of config.json and a tokenizer, without weights. */
function writeShape(name: string, config: Record<string, unknown>): string {
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '=', ...topicWords];
  mkdirSync(path(name));
  const tokenizer = wordPieceTokenizerJson(vocabulary, { lowercase: true });
  writeFileSync(path(`${name}/tokenizer.json`), JSON.stringify(tokenizer));
  const sizes = { vocab_size: vocabulary.length, hidden_size: 32, num_attention_heads: 2, pad_token_id: 0 };
  writeFileSync(
    path(`${name}/config.json`),
    JSON.stringify({ ...sizes, intermediate_size: 64, max_position_embeddings: 32, ...config }),
  );
  return path(name);
}

const settings = {
  task: 'reranker',
  initFromConfig: true,
  valDataset: path('held-out.jsonl'),
  maxLen: 32,
  lr: 3e-3,
  seed,
  threads: 1,
  saveOnEpochEnd: false,
  logInterval: 20,
} as const;

// 1. The teacher.
const teacher = await train({
  ...settings,
  modelNameOrPath: writeShape('llm', {
    model_type: 'qwen2',
    architectures: ['Qwen2ForSequenceClassification'],
    num_hidden_layers: 2,
    num_key_value_heads: 1,
    eos_token_id: 3,
    hidden_act: 'silu',
    initializer_range: 0.1,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
  }),
  modelType: 'llm_decoder',
  seq: '=',
  specialToken: '[SEP]',
  trainDataset: path('labelled.jsonl'),
  lossType: 'group_softmax',
  trainGroupSize: 8,
  batchSize: 16,
  epochs: 8,
  outputDir: path('teacher'),
});

// 2. Its scores, in (0, 1).
const model = await Reranker.fromPretrained(teacher.model, { threads: 1 });
const scored = await distillScores({
  input: [path('unlabelled.jsonl')],
  output: path('scores.jsonl'),
  teacher: modelTeacher(
    {
      computeScore: (pairs, control) =>
        model.computeScore(pairs, { ...control, maxLength: 32, normalize: true }),
    },
    { identity: { model: teacher.model } },
  ),
});
model.dispose();
console.log(`The teacher scored ${scored.pairs} pairs of ${scored.rows} queries.`);

// 3. The student.
const student = await train({
  ...settings,
  modelNameOrPath: writeShape('bert', {
    model_type: 'bert',
    num_hidden_layers: 1,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    type_vocab_size: 2,
    initializer_range: 0.1,
    layer_norm_eps: 1e-12,
  }),
  trainDataset: path('scores.jsonl'),
  lossType: 'regression_mse',
  batchSize: 32,
  epochs: 20,
  outputDir: path('student'),
});

// 4. Held-out queries.
const { queries, before, after, bm25, chance } = student.evaluation!;
const taught = teacher.evaluation!.after;
printQuality(`${queries} held-out queries, seed ${seed}`, {
  'student, fresh': before,
  'student, distilled': after,
  teacher: taught,
  BM25: bm25,
  chance,
});
const kept = (name: 'mrr@10' | 'ndcg@10') => `${((100 * after[name].mean) / taught[name].mean).toFixed(1)} %`;
console.log(
  `\nThe student keeps ${kept('mrr@10')} of its teacher's MRR@10 and ${kept('ndcg@10')} of its nDCG@10.`,
);

const reranker = await Reranker.fromPretrained(student.model, { threads: 1 });
const passages = readRows<Row>(path('held-out.jsonl')).flatMap(({ pos }) => pos);
printFound(started.query, await reranker.rerank(started.query, passages, { topK: 3, maxLength: 32 }));
reranker.dispose();
console.log(`\nThe model is in ${student.model}; it took ${started.seconds()} s.`);
