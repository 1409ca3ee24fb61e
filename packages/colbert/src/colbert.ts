import {
  type Checkpoint,
  checkpointFiles,
  type EncoderConfig,
  expectTask,
  expectWeights,
  expectWide,
  type FileSource,
  GOLDEN_FILE,
  GOLDEN_PAIRS,
  type GoldenCase,
  goldenText,
  heldInMemory,
  openCheckpointOrOnnx,
  parseEncoderConfig,
  poolerOf,
  type ScoreLoss,
  verifyGolden,
  withPlainCard,
} from '@rag/models';
import type { CheckpointToSave, ExportOnnxOptions, HubOptions, WrittenOnnx } from '@rag/models/node';
import { chooseProvider, type Provider, readsFiles, sessionOptions } from '@rag/runtime';
import type { Tokenizer } from '@rag/text';
import { checkPair, checkPairs, type Pair } from './check-texts.js';
import { colbertCheckpoint } from './checkpoint-to-save.js';
import type {
  ColbertFileParts,
  ColbertParts,
  EncodePassagesOptions,
  EncodeQueriesOptions,
  FromPretrainedOptions,
  OpenOptions,
  Ranked,
  RerankOptions,
  ScoreOptions,
} from './colbert-options.js';
import {
  filePartsOf,
  partsToOpen,
  readParts,
  readWeights,
  type StoredColbert,
  storedParts,
} from './colbert-parts.js';
import { type ColbertSettings, dimensionOf } from './colbert-settings.js';
import { encodePassages, encodeQueries, encoderOf } from './encode-texts.js';
import { exportColbert, exportNarrowColbert } from './export-colbert.js';
import { goldenScores } from './golden-scores.js';
import type { NarrowExport } from './judge-export.js';
import { type OpenedColbert, openColbert } from './open-colbert.js';
import { openColbertFile } from './open-colbert-file.js';
import { openWeights } from './open-weights.js';
import { rankPassages } from './rank-passages.js';
import { scorePairs } from './score-pairs.js';
import type { TokenVectors } from './token-vectors.js';

/** Late interaction: a vector per token, queries and passages apart (https://arxiv.org/abs/2004.12832). */
export class ColBERT {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  readonly tokenizer: Tokenizer;

  private constructor(
    private readonly opened: OpenedColbert,
    /** Where it runs; of `auto` what that took. */
    readonly provider: Provider,
    private readonly source?: FileSource,
  ) {
    this.config = opened.config;
    this.settings = opened.settings;
    this.tokenizer = opened.tokenizer;
  }

  /**
   * Opens, by its directory or in Node by its name on the hub, a model of RAG-Retrieval (encoder and `colbert_linear.pt`), PyLate
   * (modules.json), Stanford's ColBERT (artifact.metadata), or of a bare encoder, whose projection starts from random values of
   * width `colbertDim`. The encoder's weights are read in place: the files must stay as they are until `dispose`. With `onnx`,
   * or where there are no weights, it opens the ONNX file of any exporter.
   * @throws HubError, FileSourceError, SafetensorsError, PytorchFileError, ConfigError, ParameterMatchError or TokenizerError, naming file and field;
   * RangeError for a directory of another task, for options that do not fit the checkpoint and for a tokenizer with more tokens than the model
   */
  static async fromPretrained(
    idOrDirectory: string,
    options: FromPretrainedOptions & HubOptions = {},
  ): Promise<ColBERT> {
    const { openHubOrDirectory } = await import('@rag/models/node');
    const source = await openHubOrDirectory(idOrDirectory, options);
    const checkpoint = await openCheckpointOrOnnx(source, options.onnx);
    if (options.verify) expectWide(checkpoint.onnx, idOrDirectory);
    if (options.colbertDim === undefined && options.freshDim === undefined && options.newHead !== true)
      await expectTask(
        checkpoint,
        'colbert',
        idOrDirectory,
        'pass colbertDim to put a fresh projection on its encoder',
      );
    const model = await ColBERT.fromCheckpoint(checkpoint, options);
    if (options.verify)
      await verifyGolden(source, 'colbert', idOrDirectory, (inputs) =>
        model.golden(checkPairs(inputs)),
      ).catch((error: unknown) => {
        model.dispose();
        throw error;
      });
    if (model.initialized.length > 0 && options.newHead === undefined)
      console.warn(
        `${idOrDirectory}: expected a projection, got none, so ${model.initialized.join(', ')} start from random values — train the model before use, or pass newHead: true to say so`,
      );
    return model;
  }

  /** Opens a checkpoint of any source, as `fromPretrained`; weights that are not in files of this machine are copied. */
  static async fromCheckpoint(given: Checkpoint, asked: FromPretrainedOptions = {}): Promise<ColBERT> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const checkpoint = readsFiles(sessionOptions(options)) ? given : heldInMemory(given);
    const config = parseEncoderConfig(checkpoint.config);
    const { onnx } = checkpoint;
    if (onnx !== undefined)
      return new ColBERT(
        await openColbertFile(checkpoint, onnx, config, options),
        options.provider,
        given.source,
      );
    const { tokenizerFiles } = checkpoint;
    const opened = await openWeights(checkpoint, config, options);
    const model = { config, tokenizerFiles, ...opened, pooler: poolerOf(checkpoint, config) };
    return new ColBERT(await openColbert(model, options), options.provider, given.source);
  }

  /**
   * A model whose parameters are in memory, below the 2 GiB that an ONNX model can hold; ONNX Runtime copies them.
   * @throws RangeError for parameters that are missing, foreign, of another size, or too large together, and for settings that do
   * not fit
   */
  static async fromParts(parts: ColbertParts, asked: OpenOptions = {}): Promise<ColBERT> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    return new ColBERT(await openColbert(partsToOpen(parts), options), options.provider);
  }

  /** Parameters that the checkpoint did not have and that were initialised afresh: train the model before use. */
  get initialized(): readonly string[] {
    return this.opened.weights.initialized;
  }

  /** Width of a token's vector. */
  get dimension(): number {
    return dimensionOf(this.settings);
  }

  /**
   * The vectors of queries, in their order, with the model's instruction in front where it has one.
   * @throws TypeError for what is no text, RangeError for options out of range, SessionError after `dispose`
   */
  async encodeQueries(texts: readonly string[], options: EncodeQueriesOptions = {}): Promise<TokenVectors[]> {
    return encodeQueries(this.opened, texts, options);
  }

  /**
   * The vectors of passages, in their order, fewer with `poolFactor`.
   * @throws as `encodeQueries`
   */
  async encodePassages(
    texts: readonly string[],
    options: EncodePassagesOptions = {},
  ): Promise<TokenVectors[]> {
    return encodePassages(this.opened, texts, options);
  }

  /**
   * MaxSim of one pair, or of each of many in their order: the sum over the query's tokens of the best passage token, divided by their
   * number where the model's settings say so. Higher is more relevant.
   * @throws TypeError for what is no pair of strings, RangeError for options out of range, SessionError after `dispose`
   */
  async computeScore(pair: Pair, options?: ScoreOptions): Promise<number>;
  async computeScore(pairs: readonly (readonly string[])[], options?: ScoreOptions): Promise<number[]>;
  async computeScore(
    pairs: Pair | readonly (readonly string[])[],
    options: ScoreOptions = {},
  ): Promise<number | number[]> {
    const single = Array.isArray(pairs) && typeof pairs[0] === 'string';
    const scores = await scorePairs(this, single ? [checkPair(pairs, 'pair')] : checkPairs(pairs), options);
    return single ? scores[0]! : scores;
  }

  /**
   * The passages from the most to the least relevant, with their places in the given list; equal scores keep its order.
   * @throws as `computeScore`
   */
  async rerank(query: string, passages: readonly string[], options: RerankOptions = {}): Promise<Ranked[]> {
    return rankPassages(this, query, passages, options);
  }

  /**
   * Scores [queries, passages] of vectors that are there already, row-major, as `computeScore`; see `packVectors` for a corpus.
   * @throws RangeError for vectors that are not of this model
   */
  async scoreVectors(
    queries: readonly TokenVectors[],
    passages: readonly TokenVectors[],
    { signal }: Pick<ScoreOptions, 'signal'> = {},
  ): Promise<Float64Array> {
    const { divideByQueryLength } = this.settings;
    return this.opened.maxSim.scores(queries, passages, { divideByQueryLength, signal });
  }

  /**
   * Writes a directory (float32) of the layout that the model came in, complete or not at all: `fromPretrained` opens it to equal scores,
   * and so does the Python that the layout belongs to.
   * With `golden`, golden.json records what the model gives for pairs (some of its own, or those given), for `verify` to replay.
   * @throws SaveRefusedError for a directory that holds anything but a checkpoint, unless `overwrite`
   */
  async savePretrained(
    directory: string,
    { golden, ...options }: { overwrite?: boolean; golden?: boolean | readonly Pair[] } = {},
  ): Promise<void> {
    const { saveCheckpoint } = await import('@rag/models/node');
    await saveCheckpoint(directory, await this.toSave(golden), options);
  }

  /** What `savePretrained` writes, in memory by path: for a page, to keep or to offer as a download. */
  async files({ golden }: { golden?: boolean | readonly Pair[] } = {}): Promise<Map<string, Blob>> {
    return checkpointFiles(await this.toSave(golden));
  }

  private async toSave(golden?: boolean | readonly Pair[]): Promise<CheckpointToSave> {
    expectWeights(this.opened.onnx);
    const { config, settings, stated, tokenizerFiles, pooler } = this.opened;
    const read = (name: string) => this.opened.weights.read(name);
    const model = await colbertCheckpoint({ config, settings, stated, tokenizerFiles, read, pooler });
    const cases = golden && (await this.golden(golden === true ? undefined : golden));
    const recorded = cases && { [GOLDEN_FILE]: goldenText('colbert', cases) };
    const made = { ...model, files: { ...model.files, ...recorded } };
    return withPlainCard(made, { task: 'colbert', sources: this.source ? [this.source] : [] });
  }

  /**
   * Writes `onnx/model.onnx` into a directory, beside what `savePretrained` writes: `last_hidden_state` and `token_embeddings` over padded batches (int64 `input_ids`, `attention_mask`
   * and, where the model has segments, `token_type_ids`, all [batch, seq]), as transformers.js, optimum and ONNX Runtime feed it.
   * @throws RangeError for 2 GiB or more where `externalData` is false
   */
  async exportOnnx(directory: string, options: ExportOnnxOptions = {}): Promise<WrittenOnnx> {
    expectWeights(this.opened.onnx);
    const { config, settings } = this;
    return exportColbert(
      directory,
      { config, settings, read: (name) => this.opened.weights.read(name) },
      options,
    );
  }

  /**
   * Writes a narrower model (`onnx/model_fp16.onnx`, `model_quantized.onnx` of dtype q8, `model_q4.onnx`), once the scores of `pairs` by its
   * token vectors have been compared with this model's.
   * @throws ExportRefusedError where they rank too differently; RangeError for fewer than 3 pairs
   */
  async exportNarrow(
    directory: string,
    pairs: readonly Pair[],
    narrow: NarrowExport & ExportOnnxOptions,
  ): Promise<WrittenOnnx & { readonly loss: ScoreLoss }> {
    expectWeights(this.opened.onnx);
    const { config, settings } = this;
    // As the judge's encoder has them.
    const scores = await this.computeScore(pairs, { instruction: '' });
    const maxSim = async (query: TokenVectors, passage: TokenVectors) =>
      (await this.scoreVectors([query], [passage]))[0]!;
    return exportNarrowColbert(
      directory,
      { config, settings, read: (name) => this.opened.weights.read(name) },
      { pairs, scores, encoder: encoderOf(this.opened), maxSim },
      narrow,
    );
  }

  /** Every parameter by its name, float32, in memory: what training starts from. */
  async readWeights(): Promise<Map<string, Float32Array>> {
    return readWeights(this.opened);
  }

  /** The same, read one by one, also after `dispose`; and what else a saved model is made of. */
  get stored(): StoredColbert {
    return storedParts(this.opened);
  }

  /** What `fromParts` takes, in memory. */
  async readParts(): Promise<ColbertParts> {
    return readParts(this.opened);
  }

  /** The ONNX file that it was opened from, by its path in the directory; undefined for one of weights. */
  get onnx(): string | undefined {
    return this.opened.onnx;
  }

  /** What training of that file starts from, beside its weights; undefined for a model of weights. */
  get fileParts(): ColbertFileParts | undefined {
    return filePartsOf(this.opened);
  }

  /** Frees the sessions; encoding and scoring afterwards are errors. */
  dispose(): void {
    this.opened.runner.dispose();
    this.opened.maxSim.dispose();
  }

  /** What the model gives for pairs, or for some of its own, as golden.json records it, without an instruction: the tokens of the query and then of the passage, and the score. */
  async golden(pairs: readonly Pair[] = GOLDEN_PAIRS): Promise<GoldenCase[]> {
    return goldenScores(encoderOf(this.opened), pairs, await this.computeScore(pairs, { instruction: '' }));
  }
}
