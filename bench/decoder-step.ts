/**
 * Trains or scores with a decoder with a scalar head, by batches of token ids, through our sessions.
 *
 * Usage: npx tsx --conditions=@rag/source decoder-step.ts IDS.json lora|full|score [--storage float32|float16|int4]
 *   [--kept] [--weights DIRECTORY] [--threads N]
 * IDS.json is what `compare-decoder.ts` writes: config.json and batches. `lora` trains adapters of rank 16 beside all linear layers, whose
 * weights are frozen as `--storage` says, `full` everything; both by plans with a layer in each segment, whose
 * activations are computed twice, or with `--kept` in one segment that keeps them; one AdamW update per batch.
 * `score` computes the logits of the checkpoint in DIRECTORY, by 1,024 cells as `computeScore` does. The longest batch is computed once before
 * the clock starts. Prints one JSON line: real tokens per second (neither padding nor filler counts), memory planned and held, losses.
 */
import { parseArgs } from 'node:util';
import {
  architectures,
  encoderInputTypes,
  firstTokenRows,
  modelWithWeights,
  noDropout,
  openCheckpoint,
  type ParameterStorage,
  parameterRoot,
  parametersOf,
  parseEncoderConfig,
  weightsConfig,
  weightsOfCheckpoint,
} from '@rag/models';
import { directorySource } from '@rag/models/node';
import { trace } from '@rag/onnx';
import { type Batch, createSession, planMemory, Tensor, TrainingSession, tensorsOf } from '@rag/runtime';
import { packedBatches, packedTensors, packSequences, sizeLadder } from '@rag/text';
import { readBatches } from './decoder-batches.js';
import { type DecoderTraining, decoderPlan } from './decoder-plan.js';
import { peakRssMb } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    storage: { type: 'string', default: 'float32' },
    kept: { type: 'boolean', default: false },
    weights: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
const [path, mode] = positionals;
const { storage } = values;
if (path === undefined || (mode !== 'lora' && mode !== 'full' && mode !== 'score'))
  throw new RangeError('decoder-step: expected IDS.json and lora, full or score, got other arguments');
if (storage !== 'float32' && storage !== 'float16' && storage !== 'int4')
  throw new RangeError(`--storage: expected float32, float16 or int4, got "${storage}"`);
const threads = Number(values.threads);
const MiB = 2 ** 20;

const written = readBatches(path);
const config = parseEncoderConfig(written.config);
const batches = written.batches.map((rows) =>
  rows.map((input_ids) => ({
    input_ids: [...input_ids],
    token_type_ids: new Array<number>(input_ids.length).fill(0),
  })),
);
type Rows = (typeof batches)[number];
const tokensOf = (rows: Rows): number => rows.reduce((sum, { input_ids }) => sum + input_ids.length, 0);
const longest = batches.reduce((a, b) => (tokensOf(b) > tokensOf(a) ? b : a));

const work = mode === 'score' ? await scoring(values.weights) : await training(mode, storage);
await work.compute(longest, 0);
const results: number[] = [];
const started = performance.now();
for (const rows of batches) results.push(await work.compute(rows, 1e-4));
const ms = performance.now() - started;
work.dispose();
const real = batches.reduce((sum, rows) => sum + tokensOf(rows), 0);
if (!results.every(Number.isFinite))
  throw new RangeError(`decoder-step: expected finite results, got ${results}`);
console.log(
  JSON.stringify({
    what: 'decoder step',
    by: '@rag/reranker',
    mode,
    storage,
    kept: values.kept,
    layers: config.num_hidden_layers,
    batches: batches.length,
    rows: batches.flat().length,
    real_tokens: real,
    tokens_per_second: Number(((real / ms) * 1000).toFixed(1)),
    ms: Math.round(ms),
    planned_mb: work.plannedMb,
    peak_rss_mb: peakRssMb(),
    first: Number(results[0]!.toFixed(4)),
    last: Number(results.at(-1)!.toFixed(4)),
  }),
);

interface Work {
  /** The loss of a batch, or its first logit. */
  compute(rows: Rows, learningRate: number): Promise<number>;
  dispose(): void;
  /** What the memory plan says before the first step; null where nothing is planned. */
  readonly plannedMb: number | null;
}

async function training(training: DecoderTraining, storage: ParameterStorage): Promise<Work> {
  const compute = { provider: 'cpu', threads } as const;
  const plan = decoderPlan(config, { training, storage, layerSplit: !values.kept });
  const collate = (rows: Rows): Batch => {
    const column = (of: (row: number) => number) =>
      new Tensor(
        'float32',
        [rows.length],
        Float32Array.from(rows, (_, row) => of(row)),
      );
    return {
      ...tensorsOf(packedTensors(packSequences(rows, { padId: 0, mode: 'packed', ladder: sizeLadder() }))),
      labels: column((row) => row % 2),
      row_weight: column(() => 1),
    };
  };
  const memory = planMemory(plan, collate(longest), compute, { accumulates: false });
  // Frozen weights are in the process already and in the plan.
  const before = process.memoryUsage.rss() - (training === 'lora' ? memory.resident : 0);
  const session = await TrainingSession.create(plan, compute);
  return {
    plannedMb: Math.round((memory.total + before) / MiB),
    async compute(rows, learningRate) {
      await session.accumulate(collate(rows));
      return (await session.update({ learningRate })).loss;
    },
    dispose: () => session.dispose(),
  };
}

async function scoring(directory: string | undefined): Promise<Work> {
  if (directory === undefined) throw new RangeError('decoder-step: expected --weights to score, got none');
  const graph = firstTokenRows(
    trace(encoderInputTypes, (inputs) => ({
      logits: architectures[config.model_type].sequenceClassification(
        parameterRoot(),
        config,
        inputs,
        1,
        noDropout,
      ),
    })),
  );
  const checkpoint = await openCheckpoint(await directorySource(directory));
  const { sources, folder } = await weightsOfCheckpoint(checkpoint, config, parametersOf(graph), {});
  const session = await createSession(modelWithWeights(graph, sources), {
    provider: 'cpu',
    intraOpNumThreads: threads,
    ...(folder !== undefined && { externalDataFolder: folder }),
    config: weightsConfig(graph, sources),
  });
  return {
    plannedMb: null,
    async compute(rows) {
      const logits: number[] = [];
      for (const { packed } of packedBatches(rows, { padId: 0, maxRows: rows.length, maxTokens: 1024 })) {
        const found = await session.run(tensorsOf(packedTensors(packed)));
        logits.push(...(found.logits!.data as Float32Array));
      }
      return logits[0]!;
    },
    dispose: () => session.dispose(),
  };
}
