/**
 * Scores pairs or encodes texts of real lengths with one model, ours or transformers.js.
 *
 * Usage: npx tsx --conditions=@rag/source inference.ts DIRECTORY DATA.jsonl --task reranker|embedding --by ours|transformers
 *   [--rows N] [--runs N] [--threads N] [--characters N] [--max-tokens N]
 * DIRECTORY holds the checkpoint and onnx/model.onnx, which transformers.js opens; DATA rows {query, pos, neg}. Passages are cut to
 * `--characters`, so that no pair is truncated: the two cut differently. At 480 they pad as much as uncut rows do (62 % of a padded batch is real, at 400 66 %). Batches of 32, ours by length and cut to `--max-tokens` cells, transformers.js in the given
 * order and padded to the longest of a batch, as its examples do. Tokenizing is in the time. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { median, peakRssMb } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    task: { type: 'string', default: 'reranker' },
    by: { type: 'string', default: 'ours' },
    rows: { type: 'string', default: '512' },
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    'max-tokens': { type: 'string' },
    characters: { type: 'string', default: '480' },
  },
});
const [directory, data] = positionals;
const { task, by } = values;
if (directory === undefined || data === undefined || !['ours', 'transformers'].includes(by))
  throw new RangeError(
    'usage: inference.ts DIRECTORY DATA.jsonl --task reranker|embedding --by ours|transformers',
  );
const threads = Number(values.threads);
const batchSize = 32;
const limits = {
  batchSize,
  ...(values['max-tokens'] !== undefined && { maxTokens: Number(values['max-tokens']) }),
};

const pairs = readFileSync(data, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .flatMap((line) => {
    const row = JSON.parse(line) as { query: string; pos: string | string[]; neg?: string[] };
    return [row.pos, row.neg ?? []].flat().map((passage): [string, string] => [row.query, passage]);
  })
  .slice(0, Number(values.rows))
  .map(([query, passage]): [string, string] => [query, passage.slice(0, Number(values.characters))]);
const texts = pairs.map(([, passage]) => passage);

/** Scores, or the first number of each vector, to compare the two by. */
type Work = () => Promise<number[]>;

async function ours(): Promise<Work> {
  if (task === 'reranker') {
    const { CrossEncoder } = await import('@rag/reranker');
    const model = await CrossEncoder.fromPretrained(directory!, { threads });
    return () => model.computeScore(pairs, limits);
  }
  const { Embedding } = await import('@rag/embedding');
  const model = await Embedding.fromPretrained(directory!, { threads });
  return async () => (await model.encode(texts, limits)).map((vector) => vector[0]!);
}

async function transformers(): Promise<Work> {
  const { AutoModelForSequenceClassification, AutoTokenizer, env, pipeline } = await import(
    '@huggingface/transformers'
  );
  env.allowRemoteModels = false;
  const options = {
    dtype: 'fp32',
    local_files_only: true,
    session_options: { intraOpNumThreads: threads },
  } as const;
  const batches = Array.from({ length: Math.ceil(pairs.length / batchSize) }, (_, i) => i * batchSize);
  if (task === 'reranker') {
    const tokenizer = await AutoTokenizer.from_pretrained(directory!, options);
    const model = await AutoModelForSequenceClassification.from_pretrained(directory!, options);
    return async () => {
      const scores: number[] = [];
      for (const from of batches) {
        const batch = pairs.slice(from, from + batchSize);
        const inputs = await tokenizer(
          batch.map(([query]) => query),
          { text_pair: batch.map(([, passage]) => passage), padding: true, truncation: true },
        );
        const { logits } = (await model(inputs)) as { logits: { data: Float32Array } };
        scores.push(...logits.data);
      }
      return scores;
    };
  }
  const encode = await pipeline('feature-extraction', directory!, options);
  return async () => {
    const first: number[] = [];
    for (const from of batches) {
      const batch = texts.slice(from, from + batchSize);
      const { data: all, dims } = await encode(batch, { pooling: 'cls', normalize: true });
      first.push(...batch.map((_, i) => (all as Float32Array)[i * dims[1]!]!));
    }
    return first;
  };
}

const opening = performance.now();
const work = await (by === 'ours' ? ours() : transformers());
const openMs = performance.now() - opening;
let results = await work();
const times: number[] = [];
const processor: number[] = [];
for (let run = 0; run < Number(values.runs); run++) {
  const started = performance.now();
  const before = process.cpuUsage();
  results = await work();
  times.push(performance.now() - started);
  const { user, system } = process.cpuUsage(before);
  processor.push((user + system) / 1e6);
}
const perSecond = pairs.length / (median(times) / 1000);
console.log(
  JSON.stringify({
    task,
    by,
    rows: pairs.length,
    perSecond: Number(perSecond.toFixed(1)),
    // Of all threads, waiting in a loop included; with one thread what other work on the machine disturbs least.
    processorSeconds: Number(median(processor).toFixed(3)),
    openMs: Math.round(openMs),
    peakMb: peakRssMb(),
    // Enough to see that both compute the same.
    results: results.slice(0, 32).map((x) => Number(x.toFixed(6))),
  }),
);
