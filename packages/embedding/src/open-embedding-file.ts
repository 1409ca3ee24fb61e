import {
  type Checkpoint,
  type EncoderConfig,
  type FileModel,
  modelWithWeights,
  OnnxFileError,
  OptionError,
  openFileModel,
  outputOf,
  weightsInFile,
} from '@rag/models';
import { createSession, type OpenOptions, sessionOptions, Tensor, tensorsOf } from '@rag/runtime';
import { expectStated, readEmbeddingFiles } from './embedding-files.js';
import { headGraph } from './embedding-graph.js';
import { type EmbeddingHead, embeddingDimension, type PoolingMode } from './embedding-head.js';
import { eosTokenizer } from './eos-tokenizer.js';
import { type BatchRunner, type OpenedEmbedding, openModelTokenizer } from './open-embedding.js';

/** The head of a model whose file has it within itself. */
const HEAD_IN_FILE: EmbeddingHead = { pooling: [], dense: [], normalize: false };
/** Outputs with a vector per token, as transformers and sentence-transformers name them. */
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings'] as const;
const SENTENCE_OUTPUT = 'sentence_embedding';

/**
 * An embedding model that is the ONNX file of its checkpoint, whoever exported it: fed padded int64 `input_ids`, `attention_mask` and, where
 * it asks for them, `token_type_ids` and `position_ids`. Which of its outputs is the vector:
 * - where modules.json or `pooling` say how vectors are made, that head over `last_hidden_state` or `token_embeddings`: so do
 *   sentence-transformers' own ONNX backend, which runs the modules after the file, and transformers.js, whose pipeline pools;
 * - where they say nothing, `sentence_embedding` if the file has it: exporters that write it (optimum for sentence-transformers, ours) put the
 *   whole head before it. It is also taken where the file gives no token vectors. `head.pooling` is empty where only the file knows the head;
 * - else the mean of the token vectors, as for any bare encoder; a decoder has to say.
 * @throws OnnxFileError for a file that is refused and for a graph of other inputs or outputs
 */
export async function openEmbeddingFile(
  { source, tokenizerFiles: given }: Checkpoint,
  path: string,
  config: EncoderConfig,
  {
    modes: pooling,
    task,
    ...options
  }: OpenOptions & {
    readonly modes?: readonly PoolingMode[] | undefined;
    readonly task?: string | undefined;
  },
): Promise<OpenedEmbedding> {
  if (task !== undefined)
    throw new OptionError(
      'task',
      `expected weights with adapters, got the ONNX file ${path}`,
      'open the checkpoint that it was exported from',
    );
  const files = await readEmbeddingFiles(source, config, pooling);
  const { head, isStated, settings, weights } = files;
  const tokenizerFiles = eosTokenizer(given, config);
  const tokenizer = openModelTokenizer({ config, settings, tokenizerFiles });
  const open = async (...[model, changes]: Parameters<typeof createSession>) => {
    const session = await createSession(model, changes);
    return {
      ...session,
      run: (feeds: Parameters<typeof tensorsOf>[0], outputs?: readonly string[]) =>
        session.run(tensorsOf(feeds), outputs),
    };
  };
  const file = await openFileModel(
    source,
    path,
    config,
    ({ model, ...folder }) => open(model, { ...sessionOptions(options), ...folder }),
    options.provider,
  );
  try {
    const has = (name: string) => file.outputs.some((output) => output.name === name);
    const hasTokens = TOKEN_OUTPUTS.some(has);
    const inFile = has(SENTENCE_OUTPUT) && (!isStated || (pooling === undefined && !hasTokens));
    const made = { config, settings, tokenizerFiles, tokenizer, weights: weightsInFile(path), onnx: path };
    const common = { ...made, pooler: new Map(), parameters: [] };
    if (inFile) {
      const dimension = await sentenceWidth(file);
      if (isStated && dimension !== embeddingDimension(config, head))
        throw new OnnxFileError(
          path,
          `expected "${SENTENCE_OUTPUT}" of width ${embeddingDimension(config, head)} (modules.json), got ${dimension} — use the file that belongs to the directory`,
        );
      return { ...common, head: isStated ? head : HEAD_IN_FILE, dimension, runner: sentenceRunner(file) };
    }
    expectStated(files, config);
    const { name } = outputOf(file, TOKEN_OUTPUTS, ['batch', 'seq', 'hidden']);
    const graph = headGraph(config, head);
    const session = await createSession(
      modelWithWeights(graph, new Map([...weights].map(([key, data]) => [key, { data }]))),
      sessionOptions(options),
    );
    return {
      ...common,
      head,
      dimension: embeddingDimension(config, head),
      runner: {
        async run(feeds) {
          const output = await file.run(feeds, name);
          if (output.shape[2] !== config.hidden_size)
            throw new OnnxFileError(
              path,
              `expected "${name}" [batch, seq, ${config.hidden_size}] ("hidden_size" of config.json), got [${output.shape.join(', ')}] — use the file that belongs to the directory`,
            );
          const hidden = output.rows();
          const all: Record<string, Tensor> = {
            ...feeds,
            hidden: new Tensor('float32', [hidden.length / config.hidden_size, config.hidden_size], hidden),
          };
          return session.run(
            Object.fromEntries(session.inputs.map((input) => [input.name, all[input.name]!])),
          );
        },
        dispose() {
          file.dispose();
          session.dispose();
        },
      },
    };
  } catch (error) {
    file.dispose();
    throw error;
  }
}

const sentenceRunner = (file: FileModel & { dispose(): void }): BatchRunner => ({
  async run(feeds) {
    const { shape, data } = await file.run(feeds, SENTENCE_OUTPUT);
    if (shape.length !== 2)
      throw new OnnxFileError(
        file.path,
        `expected "${SENTENCE_OUTPUT}" [batch, dim], got [${shape.join(', ')}] — use another model`,
      );
    return { vectors: new Tensor('float32', shape, data) };
  },
  dispose: () => file.dispose(),
});

/** The width of `sentence_embedding`, which a file need not declare: then that of one token. */
async function sentenceWidth(file: FileModel): Promise<number> {
  const declared = file.outputs.find(({ name }) => name === SENTENCE_OUTPUT)!.shape[1];
  if (typeof declared === 'number') return declared;
  const one = (shape: readonly number[]) => new Tensor('int64', shape, BigInt64Array.of(0n));
  const feeds = {
    input_ids: one([1]),
    token_type_ids: one([1]),
    position_ids: one([1]),
    token_index: one([1]),
    block_index: one([1, 1]),
    attention_mask: new Tensor('float32', [1, 1], Float32Array.of(1)),
  };
  return (await file.run(feeds, SENTENCE_OUTPUT)).data.length;
}
