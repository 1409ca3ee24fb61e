import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  LogLevel,
  pipeline,
} from '@huggingface/transformers';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ColBERT } from '../packages/colbert/src/index.js';
import { Embedding } from '../packages/embedding/src/index.js';
import { pushToHub } from '../packages/models/src/node/index.js';
import {
  filesOfDirectory,
  HUB_TOKEN,
  type HubServer,
  startHubServer,
} from '../packages/models/src/testing/index.js';
import { CrossEncoder } from '../packages/reranker/src/index.js';
import {
  buildWordPieceVocabulary,
  openTokenizer,
  wordPieceTokenizerJson,
} from '../packages/text/src/index.js';
import { readFamily, withCharsmap } from '../packages/text/src/testing/family-fixtures.js';
import { runRag } from '../packages/train/src/testing/run-rag.js';
import { exampleData } from '../packages/train/src/testing/tiny-run.js';

/**
 * A checkpoint of each family goes from the hub through fine-tuning to disk, into transformers.js, plain ONNX Runtime and back to the
 * hub, and scores the same at each station. RAG_STATIONS names a folder to keep the directories in, for Python's station
 * (scripts/golden/check-stations.py); RAG_LONG takes every architecture.
 */
const TOLERANCE = 1e-4;
type Task = 'reranker' | 'embedding' | 'colbert';

const runtime = createRequire(new URL('../packages/models/package.json', import.meta.url))(
  'onnxruntime-node',
) as {
  InferenceSession: {
    create(path: string): Promise<{
      inputNames: readonly string[];
      run(feeds: Record<string, unknown>): Promise<Record<string, { data: unknown }>>;
      release(): Promise<void>;
    }>;
  };
  Tensor: new (type: string, data: BigInt64Array, dims: readonly number[]) => unknown;
};

let folder: string;
let hub: HubServer;
beforeAll(async () => {
  folder = process.env.RAG_STATIONS ?? (await mkdtemp(join(tmpdir(), 'stations-')));
  await mkdir(folder, { recursive: true });
  hub = await startHubServer();
  // Nothing of the network, and nothing on the terminal.
  Object.assign(env, {
    allowRemoteModels: false,
    allowLocalModels: true,
    useFSCache: false,
    logLevel: LogLevel.ERROR,
  });
  env.localModelPath = folder;
  env.fetch = (url: unknown) => Promise.reject(new Error(`stations: expected no request, got ${url}`));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  if (process.env.RAG_STATIONS === undefined) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', join(folder, 'hf'));
});

/** A config.json of transformers' own and tokenizer.json of the family, both cut small. */
async function writeStart(architecture: string): Promise<string> {
  const config = JSON.parse(
    await readFile(
      new URL(`../packages/models/src/fixtures/${architecture}/config.json`, import.meta.url),
      'utf8',
    ),
  );
  const tokenizerJson = await tokenizerOf(architecture);
  const tokenizer = openTokenizer({ 'tokenizer.json': JSON.stringify(tokenizerJson) });
  const directory = join(folder, 'configs', architecture);
  await mkdir(directory, { recursive: true });
  const sized = {
    ...config,
    vocab_size: tokenizer.vocabSize,
    pad_token_id: tokenizer.padId,
    max_position_embeddings: 66,
  };
  await writeFile(join(directory, 'config.json'), JSON.stringify(sized));
  await writeFile(join(directory, 'tokenizer.json'), JSON.stringify(tokenizerJson));
  return directory;
}

/** Tokenizers of each family's components: WordPiece of the rows, the others as Python trained or cut them for the fixtures. */
async function tokenizerOf(architecture: string): Promise<unknown> {
  const family = {
    albert: 'albert',
    'deberta-v2': 'deberta-v3',
    modernbert: 'modernbert',
    mpnet: 'mpnet',
    roberta: 'roberta',
  }[architecture];
  if (family !== undefined) return readFamily(family).tokenizer;
  if (architecture === 'xlm-roberta') {
    const fixture = new URL('../packages/text/src/fixtures/xlm-roberta-base.json', import.meta.url);
    const { tokenizer } = JSON.parse(await readFile(fixture, 'utf8'));
    return { ...tokenizer, normalizer: withCharsmap(tokenizer.normalizer) };
  }
  const rows = await readFile(exampleData('reranker.train.jsonl'), 'utf8');
  return wordPieceTokenizerJson(buildWordPieceVocabulary(rows.split('\n').slice(0, 40), { size: 800 }), {
    lowercase: true,
  });
}

/** The trained model's directory: hub, then `rag train` from its name there. */
async function trainFromHub(task: Task, architecture: string): Promise<string> {
  const name = `${task}-${architecture}`;
  const data = join(folder, `${name}.jsonl`);
  const rows = (await readFile(exampleData('reranker.train.jsonl'), 'utf8')).split('\n').slice(0, 8);
  await writeFile(data, `${rows.join('\n')}\n`);
  const start = await writeStart(architecture);
  const common = [
    '--dataset',
    data,
    '--epochs',
    '1',
    '--batch_size',
    '4',
    '--threads',
    '1',
    '--save_on_epoch_end',
    'false',
  ];
  const run = async (model: string, output: string, ...more: string[]) => {
    const flags = ['--model_name_or_path', model, '--output_dir', join(folder, output), ...common, ...more];
    if (task === 'colbert') flags.push('--colbert_dim', '16');
    expect(await runRag('train', task, ...flags)).toMatchObject({ code: 0, stderr: '' });
    return join(folder, output, 'model');
  };
  // A checkpoint with weights, as its author would have put it on the hub.
  const first = await run(start, `first/${name}`, '--init_from_config', '--lr', '0.001');
  const card = '---\nlicense: mit\nlanguage:\n- zh\n- en\n---\n# start\n';
  hub.add(`org/${name}`, { ...(await filesOfDirectory(first)), 'README.md': card });
  return run(`org/${name}`, name, '--export_onnx', 'true', '--lr', '0.001');
}

// transformers.js 4.3 takes an empty second text for none, and cuts a pair's end where it is too long.
const PAIRS = [
  ['why is the sky blue', 'Air scatters short waves of sunlight more than long ones.'],
  ['天空为什么是蓝色的', '空气对短波阳光的散射比长波更强。'],
  ['Ünïcode №1 😀 café', 'e\u0301 ﬁne — ＡＢＣ\tand\u00a0spaces'],
  ['x', '.'],
] as const;
const QUERIES = PAIRS.map(([query]) => query);
const PASSAGES = PAIRS.map(([, passage]) => passage);

/** The largest difference of two lists of numbers; Infinity where their lengths differ or one is not finite. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const all = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  return all.every(Number.isFinite) ? Math.max(0, ...all) : Number.POSITIVE_INFINITY;
}

type Encoded = Record<string, { dims: number[]; data: BigInt64Array }>;

/** Plain ONNX Runtime over the file, with the tokens of transformers.js. */
async function runFile(model: string, encoded: Encoded, output: string): Promise<Float32Array> {
  const session = await runtime.InferenceSession.create(join(model, 'onnx', 'model.onnx'));
  const feeds = session.inputNames.map((name) => {
    const { dims, data } = encoded[name]!;
    return [name, new runtime.Tensor('int64', data, dims)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return outputs[output]!.data as Float32Array;
}

/** What one station gives: numbers that do not depend on the tool. */
interface Station {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

const inOurs: Record<Task, (model: string) => Promise<number[]>> = {
  async reranker(model) {
    const opened = await CrossEncoder.fromPretrained(model, { verify: true });
    const scores = await opened.computeScore(PAIRS);
    opened.dispose();
    return scores;
  },
  async embedding(model) {
    const opened = await Embedding.fromPretrained(model, { verify: true });
    const vectors = await opened.encode(PASSAGES, { normalize: true });
    opened.dispose();
    return vectors.flatMap((vector) => [...vector]);
  },
  async colbert(model) {
    const opened = await ColBERT.fromPretrained(model, { verify: true });
    const vectors = [...(await opened.encodeQueries(QUERIES)), ...(await opened.encodePassages(PASSAGES))];
    opened.dispose();
    return vectors.flatMap(({ data }) => [...data]);
  },
};

/** transformers.js by its own classes, and plain ONNX Runtime. */
const inOthers: Record<Task, (name: string, model: string) => Promise<Station[]>> = {
  async reranker(name, model) {
    const tokenizer = await AutoTokenizer.from_pretrained(name);
    const encoded = tokenizer([...QUERIES], { text_pair: [...PASSAGES], padding: true, truncation: true });
    const opened = await AutoModelForSequenceClassification.from_pretrained(name, { dtype: 'fp32' });
    const { logits } = await opened(encoded);
    await opened.dispose();
    return [
      { name: 'transformers.js', values: logits.data as Float32Array },
      { name: 'ONNX Runtime', values: await runFile(model, encoded as unknown as Encoded, 'logits') },
    ];
  },
  async embedding(name, model) {
    const extract = await pipeline('feature-extraction', name, { dtype: 'fp32' });
    const vectors = await extract([...PASSAGES], { pooling: 'mean', normalize: true });
    const encoded = extract.tokenizer([...PASSAGES], {
      padding: true,
      truncation: true,
    }) as unknown as Encoded;
    await extract.dispose();
    const raw = await runFile(model, encoded, 'sentence_embedding');
    const width = raw.length / PASSAGES.length;
    const unit = PASSAGES.flatMap((_, i) => {
      const row = raw.subarray(i * width, (i + 1) * width);
      const norm = Math.hypot(...row);
      return Array.from(row, (value) => value / norm);
    });
    return [
      { name: 'transformers.js', values: vectors.data as Float32Array },
      { name: 'ONNX Runtime', values: unit },
    ];
  },
  async colbert(name, model) {
    const tokenizer = await AutoTokenizer.from_pretrained(name);
    const opened = await AutoModel.from_pretrained(name, { dtype: 'fp32' });
    const [first, second]: [number[], number[]] = [[], []];
    for (const texts of [QUERIES, PASSAGES]) {
      const encoded = tokenizer([...texts], { padding: true, truncation: true });
      const { token_embeddings: vectors } = await opened(encoded);
      first.push(...counted(vectors.data as Float32Array, encoded as unknown as Encoded));
      const file = await runFile(model, encoded as unknown as Encoded, 'token_embeddings');
      second.push(...counted(file, encoded as unknown as Encoded));
    }
    await opened.dispose();
    return [
      { name: 'transformers.js', values: first },
      { name: 'ONNX Runtime', values: second },
    ];
  },
};

/** Vectors of the tokens that count in RAG-Retrieval's layout: all but the first and padding. */
function counted(vectors: Float32Array, { attention_mask }: Encoded): number[] {
  const { dims, data: mask } = attention_mask!;
  const [rows, seq] = dims as [number, number];
  const width = vectors.length / (rows * seq);
  return Array.from({ length: rows * seq }, (_, cell) =>
    cell % seq > 0 && mask[cell] === 1n ? [...vectors.subarray(cell * width, (cell + 1) * width)] : [],
  ).flat();
}

const journeys: [Task, string][] = [
  ['reranker', 'bert'],
  ['reranker', 'roberta'],
  ['reranker', 'modernbert'],
  ['embedding', 'xlm-roberta'],
  ['embedding', 'distilbert'],
  ['colbert', 'bert'],
];
const further: [Task, string][] = [
  ...['xlm-roberta', 'distilbert', 'mpnet', 'electra', 'albert', 'deberta-v2'].map((name): [Task, string] => [
    'reranker',
    name,
  ]),
  ...['bert', 'roberta', 'modernbert', 'mpnet', 'albert', 'deberta-v2'].map((name): [Task, string] => [
    'embedding',
    name,
  ]),
  ...['roberta', 'modernbert', 'distilbert', 'xlm-roberta'].map((name): [Task, string] => ['colbert', name]),
];

test.each([...journeys, ...(process.env.RAG_LONG ? further : [])])(
  'hub, fine-tuning, disk, transformers.js, ONNX Runtime, hub: %s of %s',
  async (task, architecture) => {
    const name = `${task}-${architecture}`;
    const model = await trainFromHub(task, architecture);
    const card = await readFile(join(model, 'README.md'), 'utf8');
    for (const line of [
      'license: mit\n',
      'language:\n- zh\n- en\n',
      `base_model: org/${name}\n`,
      '- transformers.js\n',
    ])
      expect(card).toContain(line);
    const ours = await inOurs[task](model);
    if (process.env.RAG_STATIONS !== undefined)
      await writeFile(join(folder, `${name}.ours.json`), JSON.stringify({ task, pairs: PAIRS, ours }));
    for (const { name: station, values } of await inOthers[task](`${name}/model`, model))
      expect(difference(values, ours), station).toBeLessThan(TOLERANCE);
    await pushToHub(model, `me/${name}`, { token: HUB_TOKEN });
    expect(await inOurs[task](`me/${name}`)).toEqual(ours);
  },
);
