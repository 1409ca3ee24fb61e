import { ColBERT } from '@rag/colbert';
import { textEncoder } from '@rag/colbert/training';
import { Embedding } from '@rag/embedding';
import { memorySource, openCheckpoint, statedTask } from '@rag/models';
import { urlSource } from '@rag/models/web';
import { CrossEncoder } from '@rag/reranker';
import type { Tokenizer, TokenizerTexts } from '@rag/text';
import type { ModelInfo, ModelSource, PageProvider, TokenMatches } from './protocol.js';
import type { TaskParts } from './tasks.js';
import { threads } from './threads.js';
import { tokenTexts } from './token-texts.js';
import type { TuningRun } from './tuning-run.js';

/** A model of any of the three tasks as this page uses it. */
export interface ServedModel {
  readonly info: ModelInfo;
  readonly provider: PageProvider;
  /** Scores of passages for a query; higher is more relevant. */
  scores(query: string, passages: readonly string[]): Promise<readonly number[]>;
  /** Of ColBERT alone. */
  matches(query: string, passage: string): Promise<TokenMatches>;
  readonly tokenizer: Tokenizer;
  /** What training starts from. */
  parts(): Promise<TaskParts>;
  files(): Promise<Map<string, Blob>>;
  dispose(): void;
}

/** Opens a directory by what it says of itself. @throws for one of another task, and what the classes throw */
export async function openServed(
  { name, ...place }: ModelSource,
  provider: PageProvider,
  onLoading: (file: string, share: number | undefined) => void,
): Promise<ServedModel> {
  const source =
    'url' in place
      ? urlSource(place.url, {
          onProgress: ({ file, received, total }) => onLoading(file, total ? received / total : undefined),
        })
      : memorySource(await contents(place.files));
  const checkpoint = await openCheckpoint(source);
  const { task } = await statedTask(source, checkpoint.config);
  const options = { provider, threads: threads() } as const;
  const parameters = checkpoint.tensors.names.reduce(
    (sum, tensor) => sum + checkpoint.tensors.shape(tensor).reduce((a, b) => a * b, 1),
    0,
  );
  const info = { name, provider, modelType: String(checkpoint.config.model_type), parameters, updates: 0 };
  const { tokenizerFiles } = checkpoint;
  if (task === 'reranker') {
    const model = await CrossEncoder.fromCheckpoint(checkpoint, { ...options, newHead: false });
    return servedReranker(model, tokenizerFiles, info);
  }
  if (task === 'colbert')
    return servedColbert(await ColBERT.fromCheckpoint(checkpoint, options), tokenizerFiles, info);
  if (task === 'embedding') return servedEmbedding(await Embedding.fromCheckpoint(checkpoint, options), info);
  throw new Error(
    `${name}: expected a reranker, an embedding model or a ColBERT model, got a model for "${task}" — open another`,
  );
}

/** What a run trained so far. */
export async function serveTuned(
  { name, model: parts, update }: Pick<TuningRun, 'name' | 'model' | 'update'>,
  provider: PageProvider,
): Promise<ServedModel> {
  const options = { provider, threads: threads() } as const;
  const parameters = [...parts.weights.values()].reduce((sum, { length }) => sum + length, 0);
  const modelType = parts.config.model_type;
  const info = { name, provider, modelType, parameters, updates: update };
  switch (parts.task) {
    case 'reranker':
      return servedReranker(await CrossEncoder.fromParts(parts, options), parts.tokenizerFiles, info);
    case 'embedding':
      return servedEmbedding(await Embedding.fromParts(parts, options), info);
    case 'colbert':
      return servedColbert(await ColBERT.fromParts(parts, options), parts.tokenizerFiles, info);
  }
}

type Common = Omit<ModelInfo, 'task'>;

const servedReranker = (model: CrossEncoder, tokenizerFiles: TokenizerTexts, info: Common): ServedModel => ({
  info: { ...info, task: 'reranker' },
  provider: info.provider,
  scores: (query, passages) => model.computeScore(passages.map((passage) => [query, passage])),
  matches: () => refuseMatches(info),
  tokenizer: model.tokenizer,
  parts: async () => ({
    task: 'reranker',
    config: model.config,
    tokenizerFiles,
    weights: await model.readWeights(),
  }),
  files: () => model.files(),
  dispose: () => model.dispose(),
});

function servedEmbedding(model: Embedding, info: Common): ServedModel {
  const known = new Map<string, Float32Array>();
  return {
    info: { ...info, task: 'embedding' },
    provider: info.provider,
    async scores(query, passages) {
      const [vector] = await model.encodeQueries([query], { normalize: true });
      const fresh = [...new Set(passages)].filter((text) => !known.has(text));
      const vectors = await model.encodePassages(fresh, { normalize: true });
      for (const [i, text] of fresh.entries()) known.set(text, vectors[i]!);
      return passages.map((text) => known.get(text)!.reduce((sum, x, i) => sum + x * vector![i]!, 0));
    },
    matches: () => refuseMatches(info),
    tokenizer: model.tokenizer,
    parts: async () => ({ task: 'embedding', ...(await model.readParts()) }),
    files: () => model.files(),
    dispose: () => model.dispose(),
  };
}

function servedColbert(model: ColBERT, tokenizerFiles: TokenizerTexts, info: Common): ServedModel {
  const textOf = tokenTexts(tokenizerFiles);
  const encoder = textEncoder(model.tokenizer, model.config, model.settings);
  const texts = ({ input_ids, scored }: ReturnType<typeof encoder.encodeQuery>) =>
    input_ids.filter((_, i) => scored[i] === 1).map(textOf);
  return {
    info: { ...info, task: 'colbert' },
    provider: info.provider,
    scores: (query, passages) => model.computeScore(passages.map((passage) => [query, passage])),
    async matches(query, passage) {
      const [q] = await model.encodeQueries([query]);
      const [p] = await model.encodePassages([passage]);
      const similarity = new Float32Array(q!.tokens * p!.tokens);
      for (let i = 0; i < q!.tokens; i++)
        for (let j = 0; j < p!.tokens; j++)
          for (let k = 0; k < q!.dim; k++)
            similarity[i * p!.tokens + j]! += q!.data[i * q!.dim + k]! * p!.data[j * p!.dim + k]!;
      return {
        query: texts(encoder.encodeQuery(query)),
        passage: texts(encoder.encodePassage(passage)),
        similarity,
      };
    },
    tokenizer: model.tokenizer,
    parts: async () => ({ task: 'colbert', ...(await model.readParts()) }),
    files: () => model.files(),
    dispose: () => model.dispose(),
  };
}

async function refuseMatches({ name }: Common): Promise<never> {
  throw new Error(
    `token matches: expected a ColBERT model, got ${name}, which has one vector or score per text — open another`,
  );
}

async function contents(files: ReadonlyMap<string, Blob>): Promise<Record<string, Uint8Array>> {
  const bytes: Record<string, Uint8Array> = {};
  for (const [path, blob] of files) bytes[path] = new Uint8Array(await blob.arrayBuffer());
  return bytes;
}
