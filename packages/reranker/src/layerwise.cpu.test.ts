import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initializeParameters, parametersOf, parseEncoderConfig } from '@rag/models';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headLayers, layerwiseScores } from './answer-scores.js';
import { type Pair, Reranker, YesNoReranker } from './index.js';
import { scoresGraph } from './score-model.js';

const root = mkdtempSync(join(tmpdir(), 'layerwise-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const saved = join(root, 'model');

const config = parseEncoderConfig({
  model_type: 'minicpm',
  architectures: ['LayerWiseMiniCPMForCausalLM'],
  auto_map: { AutoModelForCausalLM: 'modeling_minicpm_reranker.LayerWiseMiniCPMForCausalLM' },
  vocab_size: 425,
  hidden_size: 16,
  num_hidden_layers: 3,
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
const fixture = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`./fixtures/gemma-yes/${file}`, import.meta.url)), 'utf8');
const tokenizerFiles = {
  'tokenizer.json': fixture('tokenizer.json'),
  'tokenizer_config.json': fixture('tokenizer_config.json'),
};
const pairs: Pair[] = [
  ['why is the sky blue?', 'Air scatters blue light.'],
  ['sky', 'The bakery opens at seven.'],
];

beforeAll(async () => {
  const graph = scoresGraph(layerwiseScores(config)!(headLayers(config)));
  const weights = initializeParameters(parametersOf(graph), config, 3);
  const model = await YesNoReranker.fromParts({ config, tokenizerFiles, weights });
  await model.savePretrained(saved);
  model.dispose();
});

test('a layer-wise model scores by the head of the layer that it is cut at, by default the last', async () => {
  const scores = [];
  for (const cutoffLayer of [2, 3, undefined]) {
    const model = await YesNoReranker.fromPretrained(saved, cutoffLayer === undefined ? {} : { cutoffLayer });
    scores.push(await model.computeScore(pairs));
    // What is saved of a cut model is all of it.
    await model.savePretrained(join(root, `again-${cutoffLayer}`));
    model.dispose();
  }
  expect(scores[1]).toEqual(scores[2]);
  expect(scores[0]![0]).not.toBeCloseTo(scores[1]![0]!, 3);
  const again = await Reranker.fromPretrained(join(root, 'again-2'));
  expect(again).toBeInstanceOf(YesNoReranker);
  expect(await again.computeScore(pairs)).toEqual(scores[2]);
  again.dispose();
});

test('a layer without a head is refused, and a cut of a model of one head', async () => {
  await expect(YesNoReranker.fromPretrained(saved, { cutoffLayer: 1 })).rejects.toThrow(
    'cutoffLayer: expected the number of a layer that has a head, from 2 to 3, got 1',
  );
  const gemma = fileURLToPath(new URL('./fixtures/gemma-yes', import.meta.url));
  await expect(YesNoReranker.fromPretrained(gemma, { cutoffLayer: 1 })).rejects.toThrow(
    'cutoffLayer: expected a layer-wise model, with a head behind each of its later layers, got "model_type" "gemma" — leave it out',
  );
});
