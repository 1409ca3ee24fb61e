import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initializeParameters, parseEncoderConfig } from '@rag/models';
import { Reranker, YesNoReranker } from '@rag/reranker';
import { causalParameters } from '@rag/reranker/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchedRun } from '../testing/watched-run.js';

const config = parseEncoderConfig({
  model_type: 'minicpm',
  architectures: ['LayerWiseMiniCPMForCausalLM'],
  vocab_size: 425,
  hidden_size: 16,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 256,
  hidden_act: 'silu',
  initializer_range: 0.3,
  rms_norm_eps: 1e-5,
  scale_depth: 1.4,
  scale_emb: 3,
  dim_model_base: 4,
  start_layer: 2,
  head_type: 'simple',
  head_multi: true,
  pad_token_id: 424,
});
const tokenizerFile = (name: string) =>
  readFile(
    fileURLToPath(new URL(`../../../reranker/src/fixtures/gemma-yes/${name}`, import.meta.url)),
    'utf8',
  );

let folder: string;
let base: string;
let rows: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerwise-training-'));
  [base, rows] = [join(folder, 'base'), join(folder, 'rows.jsonl')];
  const model = await YesNoReranker.fromParts({
    config,
    tokenizerFiles: {
      'tokenizer.json': await tokenizerFile('tokenizer.json'),
      'tokenizer_config.json': await tokenizerFile('tokenizer_config.json'),
    },
    weights: initializeParameters(causalParameters(config), config, 3),
  });
  await model.savePretrained(base);
  model.dispose();
  const row = (query: string, pos: string, neg: string) => JSON.stringify({ query, pos: [pos], neg: [neg] });
  await writeFile(
    rows,
    [
      row('why is the sky blue', 'air scatters short waves', 'water boils'),
      row('when does water boil', 'water boils at 100 degrees', 'air scatters'),
    ].join('\n'),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a layer-wise reranker learns layer by layer, and is served as long as it was trained', async () => {
  const { run, said, steps } = await watchedRun<'reranker'>({
    task: 'reranker',
    modelNameOrPath: base,
    modelType: 'decoder',
    lossType: 'group_softmax',
    trainGroupSize: 2,
    trainDataset: rows,
    outputDir: join(folder, 'split'),
    saveOnEpochEnd: false,
    maxLen: 96,
    batchSize: 2,
    lr: 1e-2,
    epochs: 4,
    warmupProportion: 0,
    threads: 1,
    layerSplit: true,
  });
  expect(steps).toHaveLength(4);
  expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss);
  expect(said.join('\n')).toMatch(/memory of training, planned:\n(.*\n)* {2}boundaries +\d+ MiB/);
  const stated = JSON.parse(await readFile(join(run.model, 'reranker_config.json'), 'utf8'));
  expect(stated.max_len).toBe(96);
  const opened = await Reranker.fromPretrained(run.model, { verify: true });
  expect(opened.maxLength).toBe(96);
  const long: [string, string] = ['why is the sky blue', 'air scatters short waves '.repeat(40)];
  expect(await opened.computeScore(long)).toBe(await opened.computeScore(long, { maxLength: 96 }));
  expect(await opened.computeScore(long)).not.toBe(await opened.computeScore(long, { maxLength: 160 }));
  opened.dispose();
}, 60_000);
