/**
 * Trains a BERT cross-encoder for an epoch over rows of real lengths, packed, through our session.
 *
 * Usage: npx tsx --conditions=@rag/source t2rank.ts DATA.jsonl TOKENIZER_DIRECTORY [--order sorted|random] [--batches N]
 *   [--mode packed|padded] [--dropout P] [--shape H,A,F,LAYERS] [--batch-size N] [--max-length N] [--max-cells N]
 *   [--threads N] [--write-ids FILE.json]
 * DATA holds rows {query, pos, neg}. Pointwise binary cross-entropy, AdamW, one update per batch of 32 pairs; with
 * `--max-cells` a batch is computed in parts of so many padded cells, whose gradients are summed. `--batches N` takes N
 * batches at equal distances instead of the epoch. `--write-ids` writes what the PyTorch peer needs to train on the same
 * rows in the same order, and trains nothing. Prints one JSON line; tokens are real ones: neither padding nor filler is
 * counted. Tokenizing is not in the time, packing is; the largest part is computed once before the clock starts.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { binaryCrossEntropy } from '@rag/losses';
import { initializeParameter } from '@rag/models';
import { collatePointwise, pairEncoder, rerankerObjective } from '@rag/reranker/training';
import { compile, TrainingSession } from '@rag/runtime';
import { encoderConfig, parseStepShape } from './encoder-plan.js';
import { peakRssMb } from './measure.js';
import { cellsOf, encodeFile, epochOf, openTokenizer, type Part, partsOf } from './token-batches.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    order: { type: 'string', default: 'sorted' },
    batches: { type: 'string' },
    mode: { type: 'string', default: 'packed' },
    dropout: { type: 'string', default: '0' },
    shape: { type: 'string', default: '768,12,3072,4' },
    'batch-size': { type: 'string', default: '32' },
    'max-length': { type: 'string', default: '512' },
    'max-cells': { type: 'string' },
    threads: { type: 'string', default: '2' },
    'write-ids': { type: 'string' },
  },
});
const [data, directory] = positionals;
const { order, mode } = values;
if (data === undefined || directory === undefined)
  throw new RangeError('t2rank: expected DATA.jsonl and TOKENIZER_DIRECTORY, got too few arguments');
if ((order !== 'sorted' && order !== 'random') || (mode !== 'packed' && mode !== 'padded'))
  throw new RangeError(`t2rank: expected sorted or random, packed or padded, got ${order} and ${mode}`);
const batchSize = Number(values['batch-size']);
const maxLength = Number(values['max-length']);
const dropout = Number(values.dropout);
const shape = parseStepShape(`${batchSize},${maxLength},${values.shape}`);

const tokenizer = openTokenizer(directory);
const config = encoderConfig(shape, dropout, tokenizer.vocabSize, maxLength);
const encoder = pairEncoder(tokenizer, config, maxLength);
const tokenizing = performance.now();
const examples = await encodeFile(data, encoder.encode);
const msTokenizing = performance.now() - tokenizing;
const maxCells = Number(values['max-cells'] ?? Number.POSITIVE_INFINITY);
const batches = epochOf(examples, {
  order,
  batchSize,
  ...(values.batches === undefined ? {} : { batches: Number(values.batches) }),
}).map((batch) => partsOf(batch, maxCells));
if (values['write-ids'] === undefined) await train();
else writeIds(values['write-ids']);

function writeIds(path: string): void {
  const { hidden, heads, feedForward, layers } = shape;
  const model = {
    vocabulary: config.vocab_size,
    positions: maxLength,
    hidden,
    heads,
    feed_forward: feedForward,
    layers,
  };
  const rows = (part: Part) => ({
    input_ids: part.map(({ encoded }) => encoded.input_ids),
    token_type_ids: part.map(({ encoded }) => encoded.token_type_ids),
    labels: part.map(({ example }) => example.label),
  });
  const written = {
    model,
    padId: encoder.padId,
    batchSize,
    order,
    batches: batches.map((batch) => batch.map(rows)),
  };
  writeFileSync(path, JSON.stringify(written));
}

async function train(): Promise<void> {
  const objective = rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy } });
  const plan = compile(objective, {
    initial: (name, shape) => initializeParameter({ name, shape }, config, 1),
    optimizer: {},
  });
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads: Number(values.threads) });
  const inputs = await session.inputs();
  const encodedOf = new Map(
    examples.map(({ example, encoded }) => [example.query + example.content, encoded]),
  );
  const known = { ...encoder, encode: (query: string, passage: string) => encodedOf.get(query + passage)! };
  const collate = (part: Part, update: number) =>
    collatePointwise(
      { examples: part.map(({ example }) => example), indices: part.map(({ index }) => index) },
      { encoder: known, mode: mode as 'packed' | 'padded', dropout: { seed: 1, update, inputs } },
    );
  const largest = batches.flat().reduce((a, b) => (cellsOf(b) > cellsOf(a) ? b : a));
  await session.accumulate(collate(largest, 0).batch);
  await session.update({ learningRate: 0 });

  const sizes = { real: 0, rows: 0, cells: 0 };
  const losses: number[] = [];
  const started = performance.now();
  for (const [update, batch] of batches.entries()) {
    for (const part of batch) {
      const { batch: tensors, realTokens } = collate(part, update);
      await session.accumulate(tensors);
      sizes.real += realTokens;
      sizes.rows += tensors.input_ids!.shape[0]!;
      sizes.cells += tensors.attention_mask!.data.length;
    }
    losses.push((await session.update({ learningRate: 5e-5 })).loss);
  }
  const ms = performance.now() - started;
  session.dispose();
  const rounded = (x: number, digits: number) => Number(x.toFixed(digits));
  console.log(
    JSON.stringify({
      what: 't2rank',
      by: '@rag/runtime cpu',
      mode,
      order,
      dropout,
      batches: batches.length,
      rows: batches.flat(2).length,
      real_tokens: sizes.real,
      real_tokens_per_second: rounded((sizes.real / ms) * 1000, 1),
      ms: Math.round(ms),
      // Of the rows that linear layers compute, and of the cells that attention computes.
      filler_share: rounded(1 - sizes.real / sizes.rows, 4),
      attention_filler_share: rounded(1 - sizes.real / sizes.cells, 4),
      ms_tokenizing: Math.round(msTokenizing),
      first_loss: rounded(losses[0]!, 4),
      last_loss: rounded(losses.at(-1)!, 4),
      peak_rss_mb: peakRssMb(),
    }),
  );
}
