import {
  type Checkpoint,
  type EncoderConfig,
  encoderConfigToJson,
  labelCount,
  openCheckpoint,
  parseEncoderConfig,
  type TokenizerFile,
  withLabelCount,
} from '@rag/models';
import { type Graph, nameOf } from '@rag/onnx';
import { createSession, type Driver, type Session } from '@rag/runtime';
import { Tokenizer } from '@rag/text';
import { classifierGraph, modelWithWeights } from './classifier-graph.js';
import { longestSequence, type Pair, pairEncoder } from './pair-encoder.js';
import { type BatchLimits, scoreSequences } from './score-sequences.js';
import { type Weights, weightsInMemory, weightsOfCheckpoint } from './weights.js';

/** How a model is opened. */
export interface OpenOptions {
  readonly provider?: 'cpu' | 'cuda';
  /** `node` (default), or `ffi`, which leaves the event loop free while it computes. */
  readonly driver?: Driver;
  /** Threads within one operator. */
  readonly threads?: number;
}

export interface FromPretrainedOptions extends OpenOptions {
  /** true replaces the head, false forbids a fresh one; by default a head is fresh only where the checkpoint has none. */
  readonly newHead?: boolean;
  /** Seed of a fresh head; 42 by default. */
  readonly seed?: number;
}

/** How pairs are scored. */
export interface ScoreOptions extends Partial<BatchLimits> {
  /** Tokens of a pair, special ones included; by default 512, or what the model has positions for. */
  readonly maxLength?: number;
  /** Scores through the logistic function, in (0, 1); logits by default. */
  readonly normalize?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RerankOptions extends ScoreOptions {
  /** How many of the best to return; all by default. */
  readonly topK?: number;
  /** Passages that do not fit: cut at the end (default), or scored in slices of which the best counts. */
  readonly longDocument?: 'truncate' | 'max-slice';
  /** Tokens that neighbouring slices share; 80 by default. */
  readonly overlap?: number;
}

/** A passage in its place after reranking. */
export interface Ranked {
  /** Where it stood in the list that was given. */
  readonly index: number;
  readonly score: number;
  readonly text: string;
}

/** What a cross-encoder is made of. */
export interface CrossEncoderParts {
  readonly config: EncoderConfig;
  /** The texts of tokenizer.json and its kin, by file name. */
  readonly tokenizerFiles: Readonly<Partial<Record<TokenizerFile, string>>>;
  /** Every parameter, float32, by its Hugging Face name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** A BERT-like reranker: one logit for a query and a passage read together (https://arxiv.org/abs/1901.04085). */
export class CrossEncoder {
  private constructor(
    readonly config: EncoderConfig,
    readonly tokenizer: Tokenizer,
    private readonly tokenizerFiles: CrossEncoderParts['tokenizerFiles'],
    private readonly graph: Graph,
    private readonly weights: Weights,
    private readonly session: Session,
  ) {}

  /**
   * Opens a checkpoint directory (config.json, model.safetensors, tokenizer files); weights are read in place.
   * @throws FileSourceError, ConfigError, ParameterMatchError, TokenizerError or SafetensorsError, naming file and field
   */
  static async fromPretrained(directory: string, options: FromPretrainedOptions = {}): Promise<CrossEncoder> {
    const { directorySource } = await import('@rag/models/node');
    return CrossEncoder.fromCheckpoint(await openCheckpoint(await directorySource(directory)), options);
  }

  /** Opens a checkpoint of any source. */
  static async fromCheckpoint(
    checkpoint: Checkpoint,
    options: FromPretrainedOptions = {},
  ): Promise<CrossEncoder> {
    const config = readConfig(checkpoint.config, options.newHead);
    const graph = classifierGraph(config, 1);
    const wanted = graph.parameters.map((value) => ({
      name: nameOf(value),
      shape: value.shape as readonly number[],
    }));
    const weights = await weightsOfCheckpoint(checkpoint, config, wanted, options);
    return CrossEncoder.open(config, checkpoint.tokenizerFiles, graph, weights, options);
  }

  /** A model whose parameters are in memory, up to the 2 GiB that an ONNX model can hold. */
  static async fromParts(
    { config, tokenizerFiles, weights }: CrossEncoderParts,
    options: OpenOptions = {},
  ): Promise<CrossEncoder> {
    return CrossEncoder.open(
      config,
      tokenizerFiles,
      classifierGraph(config, 1),
      weightsInMemory(weights),
      options,
    );
  }

  private static async open(
    config: EncoderConfig,
    tokenizerFiles: CrossEncoderParts['tokenizerFiles'],
    graph: Graph,
    weights: Weights,
    { provider = 'cpu', driver = 'node', threads }: OpenOptions,
  ): Promise<CrossEncoder> {
    const tokenizer = openTokenizer(tokenizerFiles);
    if (tokenizer.vocabSize > config.vocab_size)
      throw new RangeError(
        `tokenizer: expected at most ${config.vocab_size} tokens ("vocab_size" of config.json), got ${tokenizer.vocabSize} — use the tokenizer that belongs to the model`,
      );
    const session = await createSession(modelWithWeights(graph, weights.sources), {
      provider,
      driver,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(weights.folder === undefined ? {} : { externalDataFolder: weights.folder }),
      // Prepacking would copy every weight out of the file that it is mapped from.
      config: { 'session.disable_prepacking': '1' },
    });
    return new CrossEncoder(config, tokenizer, tokenizerFiles, graph, weights, session);
  }

  /** Parameters that the checkpoint did not have and that were initialised afresh: such a head must be trained first. */
  get initialized(): readonly string[] {
    return this.weights.initialized;
  }

  /** The score of one pair, or of each of many; a logit unless `normalize`. Higher is more relevant. */
  async computeScore(pair: Pair, options?: ScoreOptions): Promise<number>;
  async computeScore(pairs: readonly Pair[], options?: ScoreOptions): Promise<number[]>;
  async computeScore(pairs: Pair | readonly Pair[], options: ScoreOptions = {}): Promise<number | number[]> {
    const single = typeof pairs[0] === 'string';
    const list = (single ? [pairs] : pairs) as readonly Pair[];
    for (const [i, pair] of list.entries())
      if (!Array.isArray(pair) || pair.length !== 2 || pair.some((text) => typeof text !== 'string'))
        throw new TypeError(
          `pairs[${i}]: expected [query, passage], got ${JSON.stringify(pair)} — give two strings`,
        );
    const encoder = this.encoder(options);
    const scores = await this.score(
      list.map(([query, passage]) => encoder.encode(query, passage)),
      options,
    );
    return single ? scores[0]! : scores;
  }

  /** The passages from the most to the least relevant; equal scores keep their order. */
  async rerank(query: string, passages: readonly string[], options: RerankOptions = {}): Promise<Ranked[]> {
    const { topK = passages.length, longDocument = 'truncate', overlap = 80 } = options;
    if (longDocument !== 'truncate' && longDocument !== 'max-slice')
      throw new RangeError(
        `longDocument: expected "truncate" or "max-slice", got ${JSON.stringify(longDocument)}`,
      );
    if (!Number.isInteger(topK) || topK < 0)
      throw new RangeError(`topK: expected a whole number ≥ 0, got ${topK}`);
    const encoder = this.encoder(options);
    const slices = passages.map((passage, i) => {
      if (typeof passage !== 'string')
        throw new TypeError(`passages[${i}]: expected a string, got ${typeof passage}`);
      return longDocument === 'max-slice'
        ? encoder.encodeSlices(query, passage, overlap)
        : [encoder.encode(query, passage)];
    });
    const scores = await this.score(slices.flat(), options);
    const ends = cumulative(slices.map(({ length }) => length));
    return passages
      .map((text, index) => {
        const own = scores.slice(ends[index]! - slices[index]!.length, ends[index]);
        return { index, score: Math.max(...own), text };
      })
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, topK);
  }

  /** Writes a checkpoint directory that `fromPretrained` and Python's transformers open; complete or not at all. */
  async savePretrained(directory: string, options: { overwrite?: boolean } = {}): Promise<void> {
    const { saveCheckpoint } = await import('@rag/models/node');
    await saveCheckpoint(
      directory,
      {
        config: encoderConfigToJson(this.config),
        files: this.tokenizerFiles,
        tensors: this.graph.parameters.map((value) => ({
          name: nameOf(value),
          shape: value.shape as readonly number[],
          data: () => this.weights.read(nameOf(value)),
        })),
      },
      options,
    );
  }

  /** Frees the session; scoring afterwards is an error. */
  dispose(): void {
    this.session.dispose();
  }

  private encoder({ maxLength = Math.min(512, longestSequence(this.config)) }: ScoreOptions) {
    return pairEncoder(this.tokenizer, this.config, maxLength);
  }

  private async score(
    sequences: Parameters<typeof scoreSequences>[1],
    { batchSize = 64, maxTokens = 16_384, normalize = false, onProgress }: ScoreOptions,
  ): Promise<number[]> {
    const logits = await scoreSequences(
      this.session,
      sequences,
      this.tokenizer.padId,
      { batchSize, maxTokens },
      onProgress,
    );
    return normalize ? logits.map((logit) => 1 / (1 + Math.exp(-logit))) : logits;
  }
}

/** Running sums. */
function cumulative(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => {
    sum += count;
    return sum;
  });
}

/** The config of a model with one logit; another head is accepted only to be replaced. */
function readConfig(json: unknown, newHead: boolean | undefined): EncoderConfig {
  const config = parseEncoderConfig(json);
  const labels = labelCount(config);
  const { architectures = [] } = config.extra as { architectures?: readonly string[] };
  const hasHead = architectures.some((name) => name.endsWith('ForSequenceClassification'));
  if (hasHead && labels !== 1 && newHead !== true)
    throw new RangeError(
      `config.json: expected a model of one label (a reranker), got ${labels ?? 'none stated, which means 2'} — pass newHead: true to replace the head`,
    );
  const className = { bert: 'Bert', roberta: 'Roberta', 'xlm-roberta': 'XLMRoberta' }[config.model_type];
  const single = withLabelCount(config, 1);
  return { ...single, extra: { ...single.extra, architectures: [`${className}ForSequenceClassification`] } };
}

/** The tokenizer of a checkpoint's files. */
export function openTokenizer(files: CrossEncoderParts['tokenizerFiles']): Tokenizer {
  const json = (name: TokenizerFile): unknown => {
    const text = files[name];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new SyntaxError(`${name}: expected JSON, got ${(cause as Error).message}`, { cause });
    }
  };
  return Tokenizer.fromFiles({
    tokenizerJson: json('tokenizer.json'),
    tokenizerConfig: json('tokenizer_config.json'),
    ...(files['vocab.txt'] === undefined ? {} : { vocabTxt: files['vocab.txt'] }),
  });
}
