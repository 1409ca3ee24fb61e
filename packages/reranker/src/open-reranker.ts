import {
  type Checkpoint,
  type EncoderConfig,
  modelWithWeights,
  OnnxFileError,
  OptionError,
  openFileModel,
  outputOf,
  parametersOf,
  type Weights,
  weightsInFile,
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
import type { FromPretrainedOptions } from './cross-encoder-options.js';
import type { PairEncoder } from './pair-encoder.js';
import type { Scores } from './score-model.js';

/** What runs packed batches to `logits` [batch, 1]: a session over our graph, or an ONNX file of any tool. */
export type BatchRunner = Pick<Session, 'run' | 'dispose'>;

/** What a reranker is opened from. */
export interface RerankerToOpen {
  readonly config: EncoderConfig;
  readonly tokenizerFiles: TokenizerTexts;
  /** Its parameters are those of `scores`. */
  readonly graph: Graph;
  readonly scores: Scores;
  readonly weights: Weights;
  /** Pairs to ids, of the kind of model that it is. */
  encoderOf(tokenizer: Tokenizer, maxLength: number): PairEncoder;
  /** What is saved beside the checkpoint. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a kind of reranker makes of its config. */
export type RerankerParts = Omit<RerankerToOpen, 'tokenizerFiles' | 'weights'>;

/** And what it is then. */
export interface OpenedReranker extends Omit<RerankerToOpen, 'encoderOf'> {
  readonly tokenizer: Tokenizer;
  encoder(maxLength: number): PairEncoder;
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
  if (onnx !== undefined) return openRerankerFile(checkpoint, onnx, parts, options);
  const weights = await weightsOfCheckpoint(checkpoint, parts.config, parametersOf(parts.graph), options);
  return openReranker({ ...parts, tokenizerFiles, weights }, options);
}

/** @throws RangeError for a tokenizer with more tokens than the model; SessionError */
export async function openReranker(model: RerankerToOpen, options: OpenOptions): Promise<OpenedReranker> {
  const { graph, weights } = model;
  const tokenizer = openModelTokenizer(model);
  const runner = await createSession(modelWithWeights(graph, weights.sources), {
    ...sessionOptions(options),
    ...(weights.folder === undefined ? {} : { externalDataFolder: weights.folder }),
    // Prepacking would copy every weight out of the file that it is mapped from.
    config: { 'session.disable_prepacking': '1' },
  });
  return { ...model, tokenizer, runner, encoder: (maxLength) => model.encoderOf(tokenizer, maxLength) };
}

/**
 * A reranker that is the ONNX file of its checkpoint, whoever exported it: fed padded int64 `input_ids`, `attention_mask` and, where it
 * asks for them, `token_type_ids` and `position_ids`; its output is `logits`, or the only one there is, [batch, 1].
 * @throws OnnxFileError for a file that is refused and for a graph of other inputs or outputs; RangeError for one of several labels
 */
async function openRerankerFile(
  { source, tokenizerFiles }: Checkpoint,
  path: string,
  parts: RerankerParts,
  options: Pick<FromPretrainedOptions, 'newHead'> & OpenOptions,
): Promise<OpenedReranker> {
  if (options.newHead === true)
    throw new OptionError(
      'newHead',
      `expected weights to put a fresh head on, got the ONNX file ${path}`,
      'open the checkpoint that it was exported from',
    );
  const model = { ...parts, tokenizerFiles, weights: weightsInFile(path) };
  const tokenizer = openModelTokenizer(model);
  const file = await openFileModel(source, path, parts.config, async ({ model, ...folder }) => {
    const session = await createSession(model, { ...sessionOptions(options), ...folder });
    return { ...session, run: (feeds, outputs) => session.run(tensorsOf(feeds), outputs) };
  });
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
    const encoder = (maxLength: number): PairEncoder => model.encoderOf(tokenizer, maxLength);
    return { ...model, tokenizer, encoder, runner, onnx: path };
  } catch (error) {
    file.dispose();
    throw error;
  }
}

function openModelTokenizer({
  config,
  tokenizerFiles,
}: Pick<RerankerToOpen, 'config' | 'tokenizerFiles'>): Tokenizer {
  const tokenizer = openTokenizer(tokenizerFiles);
  if (tokenizer.vocabSize > config.vocab_size)
    throw new RangeError(
      `tokenizer: expected at most ${config.vocab_size} tokens ("vocab_size" of config.json), got ${tokenizer.vocabSize} — use the tokenizer that belongs to the model`,
    );
  return tokenizer;
}
