import { expect, test } from 'vitest';
import { mergeAdapter } from './arch/merge-adapter.js';
import { plainXlmRoberta } from './arch/plain-xlm-roberta.js';
import { openCheckpoint, type TensorIndex } from './checkpoint.js';
import { FileSourceError, memorySource } from './file-source.js';
import { GoldenError, verifyGolden } from './golden.js';
import { ConfigError, MixError, SafetensorsError } from './index.js';
import { openMixture } from './mix/mix.js';
import { readModelCardFacts } from './model-card-facts.js';
import { modelCardMatter } from './model-card-matter.js';
import { safetensorsBytes, type TensorToWrite } from './safetensors-write.js';
import { campaign } from './testing/campaign.js';
import { mutateBytes } from './testing/mutate-bytes.js';
import { mutateJson } from './testing/mutate-json.js';
import { pick, type Random } from './testing/random.js';
import { cutCheckpoint } from './vocabulary-cut/cut-checkpoint.js';
import { vocabularyNeeds } from './vocabulary-cut/vocabulary-needs.js';
import { urlSource } from './web/url-source.js';

const SEED = 20261121;
/** A long campaign takes minutes. */
const TIMEOUT = 3_600_000;
const errors = [FileSourceError, SafetensorsError, ConfigError, MixError];
type Files = Readonly<Record<string, string | Uint8Array>>;

const named = (name: string, ...shape: number[]): TensorToWrite => ({
  name,
  shape,
  data: Float32Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, (_, i) => i),
});
async function dataOf({ data }: TensorToWrite): Promise<void> {
  if (typeof data === 'function') await data();
}
async function readAll(tensors: TensorIndex): Promise<void> {
  for (const name of tensors.names) await tensors.read(name);
}

/** The files with faults in one or two of those that are named. */
function damaged(files: Files, names: readonly string[], random: Random): Files {
  const out = { ...files };
  for (let i = random(2); i >= 0; i--) {
    const name = pick(random, names);
    const content = out[name]!;
    out[name] = typeof content === 'string' ? mutateJson(content, random) : mutateBytes(content, random);
  }
  return out;
}

const BERT: Files = {
  'config.json': JSON.stringify({
    model_type: 'bert',
    vocab_size: 30,
    hidden_size: 2,
    pad_token_id: 1,
    eos_token_id: [2, 29],
  }),
  'model.safetensors': await safetensorsBytes([
    named('bert.embeddings.word_embeddings.weight', 30, 2),
    named('cls.predictions.decoder.weight', 30, 2),
    named('bert.pooler.dense.weight', 2, 2),
  ]),
  'tokenizer.json': '{"version":"1.0","padding":null,"model":{"type":"BPE","vocab":{"a":0}}}',
  'config_sentence_transformers.json': '{"prompts":{"query":"q: "},"default_prompt_name":null}',
  'modules.json':
    '[{"idx":0,"path":"","type":"x.Transformer"},{"idx":1,"path":"1_Pooling","type":"x.Pooling"}]',
  '1_Pooling/config.json': '{"pooling_mode_mean_tokens":true}',
};
const BERT_FILES = ['config.json', 'model.safetensors', 'config_sentence_transformers.json', 'modules.json'];

test('vocabulary cuts', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'vocabulary cut',
    seed: SEED,
    mutant: (random) => damaged(BERT, BERT_FILES, random),
    async open(files) {
      const checkpoint = await openCheckpoint(memorySource(files));
      const { ids } = await vocabularyNeeds(checkpoint);
      const kept = [...new Set([...ids, 0, 5])].sort((a, b) => a - b);
      const { tensors } = await cutCheckpoint(checkpoint, { ids: kept, files: {} });
      for (const tensor of tensors) await dataOf(tensor);
    },
    errors,
  });
  expect(report.read).toBeGreaterThan(10);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(15);
});

/** Of no architecture that this package knows: a mix needs none. */
const TOY: Files = { ...BERT, 'config.json': '{"model_type":"toy","hidden_size":2,"layers":[1,2]}' };

test('mixed models', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'mix',
    seed: SEED,
    mutant: (random) => damaged(TOY, [...BERT_FILES, 'tokenizer.json', '1_Pooling/config.json'], random),
    async open(files) {
      const models = [TOY, files].map((one, i) => ({ name: `model ${i}`, source: memorySource(one) }));
      const mixture = await openMixture(models);
      const { tensors } = await mixture.mix({ weights: [0.5, 0.5] });
      for (const tensor of tensors) await dataOf(tensor);
    },
    errors,
  });
  expect(report.read).toBeGreaterThan(10);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(15);
});

const WEIGHT = '.parametrizations.weight.';
const JINA: Files = {
  'config.json': '{"model_type":"xlm-roberta","lora_adaptations":["a","b"],"lora_alpha":1,"lora_rank":2}',
  'model.safetensors': await safetensorsBytes([
    named(`roberta.embeddings.word_embeddings${WEIGHT}original`, 6, 4),
    named(`roberta.embeddings.word_embeddings${WEIGHT}0.lora_A`, 2, 6, 2),
    named(`roberta.embeddings.word_embeddings${WEIGHT}0.lora_B`, 2, 2, 4),
    named(`roberta.encoder.layers.0.mixer.Wqkv${WEIGHT}original`, 12, 4),
    named(`roberta.encoder.layers.0.mixer.Wqkv${WEIGHT}0.lora_A`, 2, 2, 4),
    named(`roberta.encoder.layers.0.mixer.Wqkv${WEIGHT}0.lora_B`, 2, 12, 2),
    named('roberta.encoder.layers.0.mixer.Wqkv.bias', 12),
    named('roberta.emb_ln.weight', 4),
  ]),
};

test('adapters, and tensors that are three', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'adapters',
    seed: SEED,
    mutant: (random) => ({
      files: damaged(JINA, ['model.safetensors', ...Object.keys(JINA)], random),
      task: pick(random, [undefined, 'a', 'b']),
    }),
    async open({ files, task }) {
      const { tensors, config } = await openCheckpoint(memorySource(files));
      await readAll(plainXlmRoberta(mergeAdapter(tensors, config, task)));
    },
    errors,
  });
  expect(report.read).toBeGreaterThan(10);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(15);
});

test('golden.json', { timeout: TIMEOUT }, async () => {
  const cases = [{ input: ['q', 'p'], input_ids: [1, 2], output: [0.5] }];
  const golden = JSON.stringify({ version: 1, task: 'reranker', cases: [...cases, ...cases] });
  const report = await campaign({
    format: 'golden.json',
    seed: SEED,
    mutant: (random) => mutateJson(golden, random),
    open: (json) =>
      verifyGolden(memorySource({ 'golden.json': json }), 'reranker', 'm', async (inputs) =>
        inputs.map((input) => ({ ...cases[0]!, input })),
      ),
    errors: [FileSourceError, GoldenError],
  });
  expect(report.read).toBeGreaterThan(10);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(8);
});

const CARD =
  '---\nlicense: "other" # why\nlicense_name: \'x\'\nlanguage: [en, "no"]\ntags:\n- a\n---\n# A model\n';
/** What YAML 1.1 and 1.2 take in a stream, without the ends of lines other than \n. */
const PRINTABLE = /^[\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;

test('front matter of model cards, read and written again', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'model card',
    seed: SEED,
    mutant: (random) => {
      const bytes = mutateBytes(new TextEncoder().encode(CARD), random);
      const text = new TextDecoder().decode(bytes);
      const run = pick(random, [' ', ']', '- ', '\u2028', '\u0085', '---\n', '"', '#', '\u007f\u001b']);
      const at = random(text.length);
      return text.slice(0, at) + run.repeat(random(pick(random, [2, 5, 100_000]))) + text.slice(at);
    },
    open: (text) => {
      const facts = readModelCardFacts(text);
      const matter = modelCardMatter({
        task: 'embedding',
        base: { name: `${facts.license}`, commit: 'c', facts },
        onnx: false,
        metrics: [{ name: 'mrr', mean: 1 }],
        val: [{ file: `${facts.license_name}\n---\n`, bytes: 1, sha256: '' }],
      } as unknown as Parameters<typeof modelCardMatter>[0]);
      expect(matter.match(PRINTABLE)).not.toBeNull();
      expect(matter.split('\n').filter((line) => line === '---')).toHaveLength(2);
    },
    errors: [],
  });
  expect(report.refused).toBe(0);
});

test('servers that answer anything', { timeout: TIMEOUT }, async () => {
  const bodies = [BERT['config.json']!, BERT['model.safetensors']!, '<html>', ''];
  const report = await campaign({
    format: 'url source',
    seed: SEED,
    mutant: (random) => random,
    async open(random) {
      const answer = async (_: unknown, init?: RequestInit) => {
        const status = pick(random, [200, 200, 200, 200, 404, 403, 500]);
        const headers = new Headers();
        const length = ['0', '-1', 'x', '1e9', '9007199254740993', '99', '3'];
        if (random(3) === 0) headers.set('content-length', pick(random, length));
        if (random(3) === 0) headers.set('content-type', pick(random, ['text/html', 'x', 'text/htmlx']));
        if (random(3) === 0) headers.set('etag', pick(random, ['', '"x"', 'W/']));
        const body = init?.method === 'HEAD' ? null : pick(random, bodies);
        return new Response(body as BodyInit | null, { status, headers });
      };
      const path = pick(random, [
        'model.safetensors',
        '../x',
        'a/../b',
        '/x',
        'http://x',
        'é\ud800',
        'a\0',
        '%2e%2e/x',
      ]);
      const source = urlSource('https://host/m/', { fetch: answer as typeof fetch });
      await source.size(path);
      await source.read(path, 0, 3);
      const { tensors } = await openCheckpoint(source);
      await readAll(tensors);
    },
    errors,
  });
  expect(report.refused).toBeGreaterThan(250);
  expect(report.reasons.size).toBeGreaterThan(10);
});

test('a body without end is left at the length that was stated', async () => {
  let sent = 0;
  const endless = async (_: unknown, init?: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(1 << 16));
      },
    });
    const headers = { 'content-length': '70000' };
    return new Response(init?.method === 'HEAD' ? null : body, { headers });
  };
  const source = urlSource('https://host/m/', { fetch: endless as typeof fetch });
  await expect(source.read('config.json', 0, 1)).rejects.toThrow('expected 70000 bytes, got 131072 and more');
  expect(sent).toBeLessThan(10);
});

test('a tokenizer.json that is no JSON object, in a mix', async () => {
  for (const text of ['null', '{', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`]) {
    const other = { ...TOY, 'tokenizer.json': text };
    const models = [TOY, other].map((files, i) => ({ name: `${i}`, source: memorySource(files) }));
    await expect(openMixture(models)).rejects.toThrow(
      'tokenizer.json: expected a JSON object of at most 64 levels',
    );
  }
});
