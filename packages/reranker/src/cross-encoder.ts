import {
  type Checkpoint,
  type EncoderConfig,
  encoderConfigToJson,
  expectTask,
  GOLDEN_FILE,
  GOLDEN_PAIRS,
  type GoldenCase,
  goldenText,
  longestSequence,
  modelWithWeights,
  NARROW_NAMES,
  narrowWeights,
  openCheckpoint,
  parametersOf,
  type ScoreLoss,
  singlePrecision,
  verifyGolden,
  type Weights,
  weightsInMemory,
  weightsOfCheckpoint,
} from '@rag/models';
import type { ExportOnnxOptions, HubOptions, WrittenOnnx } from '@rag/models/node';
import type { Graph } from '@rag/onnx';
import { createSession, type Driver, type Session } from '@rag/runtime';
import { type EncodedIds, openTokenizer, type Tokenizer, type TokenizerTexts } from '@rag/text';
import { classifierConfig, readClassifierConfig } from './classifier-config.js';
import { classifierGraph, paddedClassifierGraph } from './classifier-graph.js';
import { judgeExport, type NarrowExport } from './judge-export.js';
import { type Pair, pairEncoder } from './pair-encoder.js';
import { type BatchLimits, scoreSequences } from './score-sequences.js';

/** How a model is opened. */
export interface OpenOptions {
  readonly provider?: 'cpu' | 'cuda';
  /** `node` (default), or `ffi`, which leaves the event loop free while it computes. */
  readonly driver?: Driver;
  /** Threads within one operator. */
  readonly threads?: number;
}

export interface FromPretrainedOptions extends OpenOptions {
  /**
   * true replaces the head, false forbids a fresh one; by default a head is fresh only where the checkpoint has none of
   * it, which `initialized` lists and `fromPretrained` warns of on the console.
   */
  readonly newHead?: boolean;
  /** Seed of a fresh head; 42 by default. */
  readonly seed?: number;
  /** `fromPretrained` replays golden.json and throws GoldenError where tokens or scores differ from what was saved. */
  readonly verify?: boolean;
}

/** How pairs are scored. */
export interface ScoreOptions extends Partial<BatchLimits> {
  /** Tokens of a pair, special ones included; by default 512, or what the model has positions for. */
  readonly maxLength?: number;
  /** Scores through the logistic function, in (0, 1); logits by default. */
  readonly normalize?: boolean;
  /** Called after each batch with the number of sequences scored so far: one per pair, or per slice. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between batches; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

export interface RerankOptions extends ScoreOptions {
  /** How many of the best to return; all by default. */
  readonly topK?: number;
  /** A passage that does not fit is cut at its end (default), or scored in slices of which the best counts. */
  readonly longDocument?: 'truncate' | 'max-slice';
  /** Tokens that neighbouring slices share, at most half a slice; 80 by default. */
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
  readonly tokenizerFiles: TokenizerTexts;
  /** Every parameter, float32, by its Hugging Face name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** A BERT-like reranker: one logit for a query and a passage read together (https://arxiv.org/abs/1901.04085). */
export class CrossEncoder {
  private constructor(
    readonly config: EncoderConfig,
    readonly tokenizer: Tokenizer,
    private readonly tokenizerFiles: TokenizerTexts,
    private readonly graph: Graph,
    private readonly weights: Weights,
    private readonly session: Session,
  ) {}

  /**
   * Opens a checkpoint (config.json, weights, tokenizer files) by its directory or, in Node, by its name on the hub, of which it
   * fetches what is needed into the cache that Python shares. The weights are read in place: the files must stay as they
   * are until `dispose`.
   * @throws HubError, FileSourceError, SafetensorsError, ConfigError, ParameterMatchError or TokenizerError, naming file and field;
   * RangeError for a directory of another task, for a classifier of several labels and for a tokenizer with more tokens than the model
   */
  static async fromPretrained(
    idOrDirectory: string,
    options: FromPretrainedOptions & HubOptions = {},
  ): Promise<CrossEncoder> {
    const { openHubOrDirectory } = await import('@rag/models/node');
    const checkpoint = await openCheckpoint(await openHubOrDirectory(idOrDirectory, options));
    if (options.newHead !== true)
      await expectTask(
        checkpoint,
        'reranker',
        idOrDirectory,
        'pass newHead: true to put a fresh head on its encoder',
      );
    const model = await CrossEncoder.fromCheckpoint(checkpoint, options);
    if (options.verify)
      await verifyGolden(checkpoint.source, 'reranker', idOrDirectory, (inputs) =>
        model.golden(checkPairs(inputs)),
      ).catch((error: unknown) => {
        model.dispose();
        throw error;
      });
    if (model.initialized.length > 0 && options.newHead === undefined)
      console.warn(
        `${idOrDirectory}: expected a classification head, got none, so ${model.initialized.join(', ')} start from random values — train the model before use, or pass newHead: true to say so`,
      );
    return model;
  }

  /** Opens a checkpoint of any source, as `fromPretrained`; weights that are not in files of this machine are copied. */
  static async fromCheckpoint(
    checkpoint: Checkpoint,
    options: FromPretrainedOptions = {},
  ): Promise<CrossEncoder> {
    const config = readClassifierConfig(checkpoint.config, options.newHead);
    const graph = classifierGraph(config, 1);
    const weights = await weightsOfCheckpoint(checkpoint, config, parametersOf(graph), options);
    return CrossEncoder.open(config, checkpoint.tokenizerFiles, graph, weights, options);
  }

  /**
   * A model whose parameters are in memory, below the 2 GiB that an ONNX model can hold; ONNX Runtime copies them.
   * @throws RangeError for parameters that are missing, foreign, of another size, or too large together
   */
  static async fromParts(
    { config, tokenizerFiles, weights }: CrossEncoderParts,
    options: OpenOptions = {},
  ): Promise<CrossEncoder> {
    const graph = classifierGraph(config, 1);
    const held = weightsInMemory(weights, parametersOf(graph));
    return CrossEncoder.open(classifierConfig(config), tokenizerFiles, graph, held, options);
  }

  private static async open(
    config: EncoderConfig,
    tokenizerFiles: TokenizerTexts,
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

  /**
   * The score of one pair, or of each of many in their order: a logit, or with `normalize` its logistic function, since a
   * model with one logit has no softmax. Higher is more relevant.
   * @throws TypeError for what is no pair of strings, RangeError for options out of range, SessionError after `dispose`
   */
  async computeScore(pair: Pair, options?: ScoreOptions): Promise<number>;
  async computeScore(pairs: readonly (readonly string[])[], options?: ScoreOptions): Promise<number[]>;
  async computeScore(
    pairs: Pair | readonly (readonly string[])[],
    options: ScoreOptions = {},
  ): Promise<number | number[]> {
    const single = Array.isArray(pairs) && typeof pairs[0] === 'string';
    const list = single ? [checkPair(pairs, 'pair')] : checkPairs(pairs);
    const encoder = this.encoder(options);
    const scores = await this.score(
      list.map(([query, passage]) => encoder.encode(query, passage)),
      options,
    );
    return single ? scores[0]! : scores;
  }

  /**
   * The passages from the most to the least relevant, with their places in the given list; equal scores keep its order.
   * @throws as `computeScore`
   */
  async rerank(query: string, passages: readonly string[], options: RerankOptions = {}): Promise<Ranked[]> {
    const { topK = passages.length, longDocument = 'truncate', overlap = 80 } = options;
    if (longDocument !== 'truncate' && longDocument !== 'max-slice')
      throw new RangeError(
        `longDocument: expected "truncate" or "max-slice", got ${JSON.stringify(longDocument)} — choose one`,
      );
    if (!Number.isInteger(topK) || topK < 0)
      throw new RangeError(
        `topK: expected a whole number ≥ 0, got ${topK} — leave it out to get all passages`,
      );
    checkTexts(query, passages);
    const encoder = this.encoder(options);
    const sequences: EncodedIds[] = [];
    const passageOf: number[] = [];
    for (const [index, passage] of passages.entries())
      for (const sequence of longDocument === 'max-slice'
        ? encoder.encodeSlices(query, passage, overlap)
        : [encoder.encode(query, passage)]) {
        sequences.push(sequence);
        passageOf.push(index);
      }
    const best = new Float64Array(passages.length).fill(Number.NEGATIVE_INFINITY);
    for (const [i, score] of (await this.score(sequences, options)).entries())
      best[passageOf[i]!] = Math.max(best[passageOf[i]!]!, score);
    return passages
      .map((text, index) => ({ index, score: best[index]!, text }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, topK);
  }

  /**
   * Writes a checkpoint directory (float32) that `fromPretrained` and Python's transformers open, complete or not at all.
   * With `golden`, golden.json records what the model gives for pairs (some of its own, or those given), for `verify` to replay.
   * @throws SaveRefusedError for a directory that holds anything but a checkpoint, unless `overwrite`
   */
  async savePretrained(
    directory: string,
    { golden, ...options }: { overwrite?: boolean; golden?: boolean | readonly Pair[] } = {},
  ): Promise<void> {
    const { saveCheckpoint } = await import('@rag/models/node');
    const recorded = golden && (await this.golden(golden === true ? GOLDEN_PAIRS : golden));
    await saveCheckpoint(
      directory,
      {
        config: encoderConfigToJson(this.config),
        files: {
          ...this.tokenizerFiles,
          ...(recorded && { [GOLDEN_FILE]: goldenText('reranker', recorded) }),
        },
        tensors: parametersOf(this.graph).map(({ name, shape }) => ({
          name,
          shape,
          data: () => this.weights.read(name),
        })),
      },
      options,
    );
  }

  /**
   * Writes `onnx/model.onnx` into a directory, beside what `savePretrained` writes: `logits` [batch, 1] over padded batches (int64 `input_ids`, `attention_mask`
   * and, where the model has segments, `token_type_ids`, all [batch, seq]), as transformers.js, optimum and ONNX Runtime feed it.
   * @throws RangeError for 2 GiB or more where `externalData` is false
   */
  async exportOnnx(directory: string, options: ExportOnnxOptions = {}): Promise<WrittenOnnx> {
    const { writeOnnx } = await import('@rag/models/node');
    const graph = paddedClassifierGraph(this.config);
    const model = singlePrecision(graph, (name) => this.weights.read(name));
    return writeOnnx(directory, model, options);
  }

  /**
   * Writes a narrower model (`onnx/model_fp16.onnx`, `model_quantized.onnx` of dtype q8, `model_q4.onnx`), once its scores of `pairs` have been
   * compared with this model's.
   * @throws ExportRefusedError where they rank too differently; RangeError for fewer than 3 pairs
   */
  async exportNarrow(
    directory: string,
    pairs: readonly Pair[],
    narrow: NarrowExport & ExportOnnxOptions,
  ): Promise<WrittenOnnx & { readonly loss: ScoreLoss }> {
    const { writeOnnx } = await import('@rag/models/node');
    const encoder = this.encoder({});
    const sequences = checkPairs(pairs).map((pair) => encoder.encode(...pair));
    const scores = await this.computeScore(pairs);
    const wide = singlePrecision(paddedClassifierGraph(this.config), (name) => this.weights.read(name));
    let loss: ScoreLoss | undefined;
    const check = async (path: string) => {
      loss = await judgeExport(path, sequences, scores, narrow);
    };
    const { dtype, externalData } = narrow;
    const written = await writeOnnx(directory, narrowWeights(wide, dtype), {
      name: NARROW_NAMES[dtype],
      check,
      ...(externalData === undefined ? {} : { externalData }),
    });
    return { ...written, loss: loss! };
  }

  /** Every parameter by its Hugging Face name, float32, in memory: what training starts from. */
  async readWeights(): Promise<Map<string, Float32Array>> {
    const weights = new Map<string, Float32Array>();
    for (const { name } of parametersOf(this.graph)) weights.set(name, await this.weights.read(name));
    return weights;
  }

  /** Frees the session; scoring afterwards is an error. */
  dispose(): void {
    this.session.dispose();
  }

  /** What the model gives for pairs; tokens are those of the default length. */
  private async golden(pairs: readonly Pair[]): Promise<GoldenCase[]> {
    const encoder = this.encoder({});
    const scores = await this.computeScore(pairs);
    return pairs.map((input, i) => ({
      input,
      input_ids: encoder.encode(...input).input_ids,
      output: [scores[i]!],
    }));
  }

  private encoder({ maxLength = Math.min(512, longestSequence(this.config)) }: ScoreOptions) {
    return pairEncoder(this.tokenizer, this.config, maxLength);
  }

  private async score(
    sequences: readonly EncodedIds[],
    { batchSize = 64, maxTokens = 16_384, normalize = false, onProgress, signal }: ScoreOptions,
  ): Promise<number[]> {
    const logits = await scoreSequences(
      this.session,
      sequences,
      this.tokenizer.padId,
      { batchSize, maxTokens },
      { onProgress, signal },
    );
    return normalize ? logits.map((logit) => 1 / (1 + Math.exp(-logit))) : logits;
  }
}

function checkPair(pair: unknown, where: string): Pair {
  if (!Array.isArray(pair) || pair.length !== 2 || pair.some((text) => typeof text !== 'string'))
    throw new TypeError(
      `${where}: expected [query, passage], got ${JSON.stringify(pair)?.slice(0, 60)} — give two strings`,
    );
  return pair as unknown as Pair;
}

function checkPairs(pairs: unknown): Pair[] {
  if (!Array.isArray(pairs))
    throw new TypeError(`pairs: expected an array of [query, passage], got ${typeof pairs} — give pairs`);
  return pairs.map((pair, i) => checkPair(pair, `pairs[${i}]`));
}

function checkTexts(query: unknown, passages: unknown): void {
  if (typeof query !== 'string')
    throw new TypeError(`query: expected a string, got ${typeof query} — give its text`);
  if (!Array.isArray(passages))
    throw new TypeError(`passages: expected an array of strings, got ${typeof passages} — give their texts`);
  const wrong = passages.findIndex((passage) => typeof passage !== 'string');
  if (wrong >= 0)
    throw new TypeError(
      `passages[${wrong}]: expected a string, got ${typeof passages[wrong]} — give its text`,
    );
}
