import {
  type Checkpoint,
  type EncoderConfig,
  firstTokenRows,
  modelWithWeights,
  OnnxFileError,
  OptionError,
  openFileModel,
  outputOf,
  parametersOf,
  type Weights,
  weightsConfig,
  weightsInFile,
  weightsInMemory,
  weightsOfCheckpoint,
} from '@rag/models';
import type { Graph } from '@rag/onnx';
import {
  createSession,
  type OpenOptions,
  type Session,
  sessionOptions,
  Tensor,
  tensorsOf,
} from '@rag/runtime';
import { openTokenizer, type Tokenizer, type TokenizerTexts } from '@rag/text';
import type { CrossEncoderParts, FromPretrainedOptions } from './cross-encoder-options.js';
import type { PairEncoder, TextCuts } from './pair-encoder.js';
import { type Scores, scoresGraph } from './score-model.js';

/** What runs packed batches to `logits` [batch, 1]: a session over our graph, or an ONNX file of any tool. */
export type BatchRunner = Pick<Session, 'run' | 'dispose'>;

/** What a kind of reranker makes of its config. */
export interface RerankerParts {
  readonly config: EncoderConfig;
  readonly tokenizer: Tokenizer;
  /** Logits of a packed batch. */
  readonly scores: Scores;
  /** What has all of the checkpoint's parameters, where `scores` reads fewer. */
  readonly whole?: Scores;
  /** Pairs to ids. @param cuts of `encode` */
  encoder(maxLength: number, cuts?: TextCuts): PairEncoder;
  /** What no file and no option stated, so that it was assumed: `fromPretrained` says so. */
  readonly assumed?: string;
  /** Tokens of a pair that its files state, special ones included. */
  readonly maxLength?: number;
  /** What is saved beside the checkpoint. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a reranker is opened from. */
export interface RerankerToOpen extends RerankerParts {
  readonly tokenizerFiles: TokenizerTexts;
  /** Whose parameters are those of the checkpoint. */
  readonly graph: Graph;
  readonly weights: Weights;
}

/** And what it is then. */
export interface OpenedReranker extends RerankerToOpen {
  readonly runner: BatchRunner;
  /** The ONNX file that it is, if it is one. */
  readonly onnx?: string;
}

/** A reranker of a checkpoint: its weights, or the ONNX file that it is. @throws as `openReranker`, and for weights that do not fit */
export async function openRerankerCheckpoint(
  checkpoint: Checkpoint,
  parts: RerankerParts,
  options: Pick<FromPretrainedOptions, 'newHead' | 'seed'> & OpenOptions,
): Promise<OpenedReranker> {
  const { onnx, tokenizerFiles } = checkpoint;
  const graph = scoresGraph(parts.whole ?? parts.scores);
  if (onnx !== undefined) return openRerankerFile(checkpoint, onnx, { ...parts, graph }, options);
  const weights = await weightsOfCheckpoint(checkpoint, parts.config, parametersOf(graph), options);
  return openReranker({ ...parts, graph, tokenizerFiles, weights }, options);
}

/** A reranker whose parameters are in memory. @throws RangeError for parameters that are missing, foreign or of another size */
export async function openRerankerParts(
  parts: RerankerParts,
  { tokenizerFiles, weights }: Pick<CrossEncoderParts, 'tokenizerFiles' | 'weights'>,
  options: OpenOptions,
): Promise<OpenedReranker> {
  const graph = scoresGraph(parts.whole ?? parts.scores);
  const held = weightsInMemory(weights, parametersOf(graph));
  return openReranker({ ...parts, graph, tokenizerFiles, weights: held }, options);
}

/** @throws SessionError */
async function openReranker(model: RerankerToOpen, options: OpenOptions): Promise<OpenedReranker> {
  const { scores, whole, weights } = model;
  const graph = whole ? scoresGraph(scores) : model.graph;
  const served = firstTokenRows(graph);
  const runner = await createSession(modelWithWeights(served, weights.sources), {
    ...sessionOptions(options),
    ...(weights.folder === undefined ? {} : { externalDataFolder: weights.folder }),
    config: weightsConfig(served, weights.sources),
  });
  return { ...model, runner };
}

/**
 * A reranker that is the ONNX file of its checkpoint, whoever exported it: fed padded int64 `input_ids`, `attention_mask` and, where it
 * asks for them, `token_type_ids` and `position_ids`; its output is `logits`, or the only one there is, [batch, 1].
 * @throws OnnxFileError for a file that is refused and for a graph of other inputs or outputs; RangeError for one of several labels
 */
async function openRerankerFile(
  { source, tokenizerFiles }: Checkpoint,
  path: string,
  parts: RerankerParts & { readonly graph: Graph },
  options: Pick<FromPretrainedOptions, 'newHead'> & OpenOptions,
): Promise<OpenedReranker> {
  if (options.newHead === true)
    throw new OptionError(
      'newHead',
      `expected weights to put a fresh head on, got the ONNX file ${path}`,
      'open the checkpoint that it was exported from',
    );
  const model = { ...parts, tokenizerFiles, weights: weightsInFile(path) };
  const file = await openFileModel(
    source,
    path,
    parts.config,
    async ({ model, ...folder }) => {
      const session = await createSession(model, { ...sessionOptions(options), ...folder });
      return { ...session, run: (feeds, outputs) => session.run(tensorsOf(feeds), outputs) };
    },
    options.provider,
  );
  const labelsOf = (found: number | string | undefined) => {
    if (typeof found !== 'number' || found === 1) return;
    throw new RangeError(
      `${path}: expected a model of one label (a reranker), got ${found} — use another model`,
    );
  };
  try {
    const { name, shape } = outputOf(file, ['logits'], ['batch', '1']);
    labelsOf(shape[1]);
    const runner: BatchRunner = {
      async run(feeds) {
        const logits = await file.run(feeds, name);
        labelsOf(logits.shape[1]);
        if (logits.data.length !== logits.shape[0])
          throw new OnnxFileError(
            path,
            `expected "${name}" [batch, 1], got [${logits.shape.join(', ')}] — use another model`,
          );
        return { logits: new Tensor('float32', [logits.data.length, 1], logits.data) };
      },
      dispose: () => file.dispose(),
    };
    return { ...model, runner, onnx: path };
  } catch (error) {
    file.dispose();
    throw error;
  }
}

/** @throws TokenizerError; RangeError for a tokenizer with more tokens than the model */
export function openModelTokenizer(
  { vocab_size }: Pick<EncoderConfig, 'vocab_size'>,
  tokenizerFiles: TokenizerTexts,
): Tokenizer {
  const tokenizer = openTokenizer(tokenizerFiles);
  if (tokenizer.vocabSize > vocab_size)
    throw new RangeError(
      `tokenizer: expected at most ${vocab_size} tokens ("vocab_size" of config.json), got ${tokenizer.vocabSize} — use the tokenizer that belongs to the model`,
    );
  return tokenizer;
}
