/**
 * Trains a small cross-encoder reranker from nothing on example_data/ and says what it learned: no GPU, no hub, no Python.
 *
 * 1. A vocabulary, a config and fresh weights: no checkpoint can be assumed, so the example makes its own.
 * 2. Warm-up: rows made of the training passages themselves teach the fresh model to compare words.
 * 3. Fine-tuning on the labelled rows, as one would fine-tune a model of the hub.
 * 4. Held-out topics: metrics of the untrained and the trained model beside BM25 and chance.
 * 5. The saved model is opened again and reranks a query.
 *
 * Usage: pnpm --filter examples train [--seed 1] [--query TEXT] [--share 0.1: a tenth of the rows, for a quick look]
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encoderConfigToJson, initializeParameters, parseEncoderConfig } from '@rag/models';
import { saveCheckpoint } from '@rag/models/node';
import { CrossEncoder } from '@rag/reranker';
import { classifierConfig, classifierParameters } from '@rag/reranker/training';
import { buildWordPieceVocabulary, wordPieceTokenizerJson } from '@rag/text';
import { train } from '@rag/train/node';
import { inverseCloze, type Row } from './warm-up-rows.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
    query: { type: 'string', default: 'why does the heart beat faster when we run' },
  },
});
const started = performance.now();
const seed = Number(values.seed);
/** Of the full run; the tests take a little. */
const share = Number(values.share);

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const readRows = (path: string) =>
  readFileSync(here(path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
const [trainFile, devFile] = ['../example_data/reranker.train.jsonl', '../example_data/reranker.dev.jsonl'];
const [trainRows, devRows] = [readRows(trainFile), readRows(devFile)];
const output = here(`./output/seed-${seed}`);
rmSync(output, { recursive: true, force: true });

// 1. Vocabulary, config and fresh weights.
const vocabulary = buildWordPieceVocabulary(
  trainRows.flatMap(({ query, pos }) => [query, ...pos]),
  { size: 2500, lowercase: true },
);
const config = classifierConfig(
  parseEncoderConfig({
    model_type: 'bert',
    vocab_size: vocabulary.length,
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 256,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: 192,
    type_vocab_size: 2,
    initializer_range: 0.1,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
  }),
);
const weights = initializeParameters(classifierParameters(config), config, seed);
// Keys start as queries, and places matter little: attention then begins by looking for the same word elsewhere
// (mimetic initialization, https://arxiv.org/abs/2305.09828).
for (const [name, values] of weights) {
  if (name.endsWith('key.weight')) values.set(weights.get(name.replace('key', 'query'))!);
  if (name.endsWith('position_embeddings.weight')) for (const i of values.keys()) values[i]! *= 0.2;
}
await saveCheckpoint(`${output}/base`, {
  config: encoderConfigToJson(config),
  tensors: classifierParameters(config).map(({ name, shape }) => ({ name, shape, data: weights.get(name)! })),
  files: {
    'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true }),
  },
});

// 2. Warm-up.
const common = {
  task: 'reranker',
  lossType: 'group_softmax',
  maxLen: 192,
  seed,
  saveOnEpochEnd: false,
} as const;
const cloze = inverseCloze(trainRows, {
  count: Math.ceil(14_400 * share),
  negatives: 3,
  shortest: 16,
  longest: 64,
  seed,
});
writeFileSync(`${output}/warm-up.jsonl`, [...cloze].map((row) => `${JSON.stringify(row)}\n`).join(''));
const warmUp = await train({
  ...common,
  modelNameOrPath: `${output}/base`,
  trainDataset: `${output}/warm-up.jsonl`,
  valDataset: here(devFile),
  trainGroupSize: 4,
  batchSize: 24,
  epochs: 1,
  lr: 1e-3,
  logInterval: 50,
  outputDir: `${output}/warm-up`,
});

// 3. Fine-tuning on the labelled rows.
const run = await train({
  ...common,
  modelNameOrPath: warmUp.model,
  trainDataset: here(trainFile),
  valDataset: here(devFile),
  trainGroupSize: 8,
  batchSize: 8,
  epochs: share < 1 ? 1 : 4,
  lr: 5e-4,
  outputDir: `${output}/reranker`,
});

// 4. Held-out topics.
const after = run.evaluation!;
const row = ({ mean, low, high }: { mean: number; low: number; high: number }) =>
  `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
const systems = {
  untrained: warmUp.evaluation!.before,
  'warmed up': after.before,
  'fine-tuned': after.after,
  BM25: after.bm25,
  chance: after.chance,
};
console.log(`\n${after.queries} held-out queries on other topics, seed ${seed}; 95 % intervals`);
console.table(
  Object.fromEntries(
    Object.entries(systems).map(([name, metrics]) => [
      name,
      { 'MRR@10': row(metrics['mrr@10']), 'nDCG@10': row(metrics['ndcg@10']) },
    ]),
  ),
);

// 5. The saved model, as its users open it.
const reranker = await CrossEncoder.fromPretrained(run.model);
const passages = devRows.flatMap(({ pos }) => pos).filter((passage) => /^[\x20-\x7e]/.test(passage));
console.log(`\n${values.query}`);
for (const { score, text } of await reranker.rerank(values.query, passages, { topK: 3, maxLength: 192 }))
  console.log(`  ${score.toFixed(2).padStart(6)}  ${text.slice(0, 100)}…`);
reranker.dispose();
console.log(
  `\nThe model is in ${run.model}; it took ${((performance.now() - started) / 1000).toFixed(0)} s.`,
);
