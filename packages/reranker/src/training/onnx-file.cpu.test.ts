import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaryCrossEntropy } from '@rag/losses';
import {
  COLUMNS,
  columnsOf,
  openCheckpoint,
  openCheckpointOrOnnx,
  openTrainableFile,
  parseEncoderConfig,
} from '@rag/models';
import { directorySource, saveCheckpoint } from '@rag/models/node';
import { compile, Tensor, TrainingSession } from '@rag/runtime';
import { afterAll, expect, it } from 'vitest';
import { CrossEncoder } from '../index.js';
import { tinyExamples, tinyTokenizer, tinyTokenizerFiles } from '../testing/tiny.js';
import { collatePointwise, pairEncoder, rerankerObjective } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'reranker-onnx-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const folder = fileURLToPath(new URL('../../../models/src/fixtures/onnx-exports/bert', import.meta.url));
const source = await directorySource(folder);
const checkpoint = { ...(await openCheckpointOrOnnx(source, true)), tokenizerFiles: tinyTokenizerFiles };
const config = parseEncoderConfig(checkpoint.config);
const encoder = pairEncoder(tinyTokenizer(), config, 24);
const loss = { kind: 'pointwise', loss: binaryCrossEntropy } as const;
const optimizer = { weightDecay: 0.01, maxGradNorm: 1 };

const batchesAt = (step: number) => {
  const examples = tinyExamples(30).slice(step * 4, step * 4 + 4);
  const { batch } = collatePointwise(
    { examples, indices: examples.map((_, i) => step * 4 + i) },
    { encoder },
  );
  const columns = columnsOf(batch.position_ids!.data as BigInt64Array);
  return { batch, columns: { [COLUMNS]: new Tensor('int64', [columns.length], columns) } };
};

const forFile = (step: number) => ({ ...batchesAt(step).batch, ...batchesAt(step).columns });

/** The losses of five updates, and of another batch after them. */
async function train(
  session: TrainingSession,
  batchAt: (step: number) => Record<string, Tensor>,
): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < 5; step++)
    losses.push((await session.trainStep(batchAt(step), { learningRate: 1e-2 })).loss);
  const { sum, weight } = await session.evaluate(batchAt(5));
  losses.push(sum / weight);
  return losses;
}

it('five steps from an ONNX file are those from the checkpoint, and the saved file scores as what was trained', async () => {
  const file = await openTrainableFile(source, 'onnx/model.onnx', config, {
    names: ['logits'],
    rank: 2,
    width: 1,
  });
  const initial = new Map<string, Float32Array>();
  for (const { name } of file.parameters) initial.set(name, await file.read(name));
  const fromFile = await TrainingSession.create(
    compile(rerankerObjective({ config, loss, scores: (_, inputs) => file.output(inputs) }), {
      initial: (name) => initial.get(name)!,
      optimizer,
    }),
    { provider: 'cpu', threads: 1 },
  );
  const stored = { ...(await openCheckpoint(source)), tokenizerFiles: tinyTokenizerFiles };
  const reference = await CrossEncoder.fromCheckpoint(stored, { newHead: false });
  const weights = await reference.readWeights();
  reference.dispose();
  const fromCheckpoint = await TrainingSession.create(
    compile(rerankerObjective({ config, loss }), { initial: (name) => weights.get(name)!, optimizer }),
    { provider: 'cpu', threads: 1 },
  );
  const [ours, theirs] = [
    await train(fromFile, forFile),
    await train(fromCheckpoint, (step) => batchesAt(step).batch),
  ];
  for (const [step, value] of ours.entries()) expect(Math.abs(value - theirs[step]!)).toBeLessThan(1e-5);
  expect(Math.abs(theirs.at(-1)! - theirs[0]!)).toBeGreaterThan(1e-3);
  const [trained, expected] = [fromFile, fromCheckpoint].map(
    (session) => new Map(session.weights().map(({ name, data }) => [name, data as Float32Array])),
  ) as [Map<string, Float32Array>, Map<string, Float32Array>];
  let compared = 0;
  for (const [name, values] of expected) {
    const other = trained.get(name);
    // A key's bias has no true gradient, only noise, which Adam amplifies.
    if (!other || name.endsWith('key.bias')) continue;
    compared++;
    const most = values.reduce((difference, x, i) => Math.max(difference, Math.abs(x - other[i]!)), 0);
    expect(most, name).toBeLessThan(1e-5);
  }
  expect(compared).toBeGreaterThan(12);
  const logits = (await fromFile.evaluate(forFile(5))).outputs.logits!.data as Float32Array;

  await saveCheckpoint(join(directory, 'model'), {
    config: checkpoint.config,
    files: tinyTokenizerFiles,
    tensors: [],
    onnx: file.withWeights((name) => trained.get(name)!),
  });
  const saved = await CrossEncoder.fromPretrained(join(directory, 'model'));
  const pairs = tinyExamples(30)
    .slice(20, 24)
    .map(({ query, content }) => [query, content] as const);
  const scores = await saved.computeScore(pairs, { maxLength: 24 });
  for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(logits[i]!, 5);
  saved.dispose();
  fromFile.dispose();
  fromCheckpoint.dispose();
});
