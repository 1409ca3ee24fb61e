import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  pipeline,
} from '@huggingface/transformers';
import { ColBERT } from '../packages/colbert/src/index.js';
import { Embedding } from '../packages/embedding/src/index.js';
import { CrossEncoder } from '../packages/reranker/src/index.js';

export type Task = 'reranker' | 'embedding' | 'colbert';

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

// transformers.js 4.3 takes an empty second text for none, and cuts a pair's end where it is too long.
export const PAIRS = [
  ['why is the sky blue', 'Air scatters short waves of sunlight more than long ones.'],
  ['天空为什么是蓝色的', '空气对短波阳光的散射比长波更强。'],
  ['Ünïcode №1 😀 café', 'e\u0301 ﬁne — ＡＢＣ\tand\u00a0spaces'],
  ['x', '.'],
] as const;
const QUERIES = PAIRS.map(([query]) => query);
const PASSAGES = PAIRS.map(([, passage]) => passage);

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
export interface Station {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

/** By our classes, as the model was saved with golden.json. */
export const inOurs: Record<Task, (model: string) => Promise<number[]>> = {
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
export const inOthers: Record<Task, (name: string, model: string) => Promise<Station[]>> = {
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
