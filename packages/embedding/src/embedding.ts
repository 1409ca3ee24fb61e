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
  type VectorLoss,
  verifyGolden,
  withPlainCard,
} from '@rag/models';
import type { CheckpointToSave, ExportOnnxOptions, HubOptions, WrittenOnnx } from '@rag/models/node';
import { chooseProvider, type OpenOptions, type Provider, readsFiles, sessionOptions } from '@rag/runtime';
import type { EncodedIds, Tokenizer, TokenizerTexts } from '@rag/text';
import { embeddingCheckpoint } from './checkpoint-to-save.js';
import { readEmbeddingConfig } from './embedding-config.js';
import type { EmbeddingHead } from './embedding-head.js';
import type { EmbeddingParts, FromPretrainedOptions } from './embedding-options.js';
import type { EmbeddingSettings } from './embedding-settings.js';
import { checkpointToOpen, partsToOpen } from './embedding-to-open.js';
import { type EncodeOptions, resolveEncode, type Texts, type Vectors } from './encode-options.js';
import { encodeStream, encodeWindow } from './encode-stream.js';
import { exportEmbedding, exportNarrowEmbedding } from './export-embedding.js';
import { goldenVectors } from './golden-vectors.js';
import type { NarrowExport } from './judge-export.js';
import { type OpenedEmbedding, openEmbedding, tokenizerTexts } from './open-embedding.js';
import { openEmbeddingFile } from './open-embedding-file.js';
import type { TextsTokenizer } from './text-encoder.js';
import { truncateVector } from './truncate-vector.js';

/** A text embedding model: one vector per text (https://arxiv.org/abs/1908.10084), its whole head in the graph. */
export class Embedding {
  readonly config: EncoderConfig;
  /** `pooling` is empty where an ONNX file has the head within itself and nothing else states it. */
  readonly head: EmbeddingHead;
  readonly settings: EmbeddingSettings;
  readonly tokenizer: Tokenizer;

  private constructor(
    private readonly opened: OpenedEmbedding,
    /** Where it runs; of `auto` what that took. */
    readonly provider: Provider,
    private readonly source?: FileSource,
  ) {
    this.config = opened.config;
    this.head = opened.head;
    this.settings = opened.settings;
    this.tokenizer = opened.tokenizer;
  }

  /**
   * Opens a sentence-transformers model or a bare encoder's checkpoint by its directory or, in Node, by its name on the hub, of
   * which it fetches what is needed into the cache that Python shares. The encoder's weights are read in place: the files
   * must stay as they are until `dispose`. With `onnx`, or where there are no weights, it opens the ONNX file of any exporter.
   * @throws HubError, FileSourceError, SafetensorsError, ConfigError, ParameterMatchError or TokenizerError, naming file and field;
   * RangeError for a directory of another task, for modules that do not fit together and for a tokenizer with more tokens than the model
   */
  static async fromPretrained(
    idOrDirectory: string,
    options: FromPretrainedOptions & HubOptions = {},
  ): Promise<Embedding> {
    const { openHubOrDirectory } = await import('@rag/models/node');
    const source = await openHubOrDirectory(idOrDirectory, options);
    const checkpoint = await openCheckpointOrOnnx(source, options.onnx);
    if (options.verify) expectWide(checkpoint.onnx, idOrDirectory);
    if (options.pooling === undefined)
      await expectTask(checkpoint, 'embedding', idOrDirectory, 'pass pooling to take its encoder alone');
    const model = await Embedding.fromCheckpoint(checkpoint, options);
    if (options.verify)
      await verifyGolden(source, 'embedding', idOrDirectory, (inputs) =>
        model.golden(inputs.map(String)),
      ).catch((error: unknown) => {
        model.dispose();
        throw error;
      });
    const isGuessed = options.pooling === undefined && model.head.pooling.length > 0;
    if (isGuessed && !(await source.list()).includes('modules.json'))
      console.warn(
        `${idOrDirectory}: expected modules.json, got a bare encoder, so its vectors are the mean of the token vectors, not normalised — pass pooling to say how they are made`,
      );
    return model;
  }

  /** Opens a checkpoint of any source, as `fromPretrained`; weights that are not in files of this machine are copied. */
  static async fromCheckpoint(
    given: Checkpoint,
    { pooling, task, ...asked }: FromPretrainedOptions = {},
  ): Promise<Embedding> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    const checkpoint = readsFiles(sessionOptions(options)) ? given : heldInMemory(given);
    const config = readEmbeddingConfig(checkpoint.config);
    const modes = typeof pooling === 'string' ? [pooling] : pooling;
    const { onnx } = checkpoint;
    if (onnx !== undefined)
      return new Embedding(
        await openEmbeddingFile(checkpoint, onnx, config, { ...options, modes, task }),
        options.provider,
        given.source,
      );
    const model = await checkpointToOpen(checkpoint, config, modes, task);
    return new Embedding(await openEmbedding(model, options), options.provider, given.source);
  }

  /**
   * A model whose parameters are in memory, below the 2 GiB that an ONNX model can hold; ONNX Runtime copies them.
   * @throws RangeError for parameters that are missing, foreign, of another size, or too large together
   */
  static async fromParts(parts: EmbeddingParts, asked: OpenOptions = {}): Promise<Embedding> {
    const options = { ...asked, provider: await chooseProvider(asked.provider ?? 'cpu') };
    return new Embedding(await openEmbedding(partsToOpen(parts), options), options.provider);
  }

  /** Elements of a vector, before `dim` and `settings.truncate_dim`. */
  get dimension(): number {
    return this.opened.dimension;
  }

  /**
   * The vector of a text, those of a list in its order, or one after the other those of a (possibly endless) source of texts,
   * of which a window is in memory at a time.
   * @throws TypeError for what is no string, RangeError for options out of range, SessionError after `dispose`; from the promise,
   * or for a source of texts from the generator
   */
  encode<T extends Texts>(texts: T, options?: EncodeOptions): Vectors<T>;
  encode(
    texts: Texts,
    options: EncodeOptions = {},
  ): Vectors<string> | Vectors<readonly string[]> | Vectors<Iterable<string>> {
    const one = (text: string) => this.encodeList([text], options).then(([vector]) => vector!);
    if (typeof texts === 'string') return one(texts);
    if (Array.isArray(texts)) return this.encodeList(texts, options);
    const source = texts as Iterable<string> | AsyncIterable<string>;
    return this.stream(source, options, options.onProgress);
  }

  /** The texts that `tokenizer` was opened from, for a pool of @rag/text/node. */
  get tokenizerTexts(): TokenizerTexts {
    return tokenizerTexts(this.opened);
  }

  /** The ids that `encode` would make of texts, made by a pool opened from `tokenizerTexts`: what `encodeTokens` takes. */
  async tokenize(texts: readonly string[], pool: TextsTokenizer, options: EncodeOptions = {}) {
    const { encoder, prompt } = resolveEncode(this, options);
    const prompted = texts.map((text) => prompt + text);
    return encoder.encodeBy(pool, prompted, options.signal);
  }

  /** The vectors of what `tokenize` gave with the same options, those that `encode` gives a list of at most 4,096 texts. */
  async encodeTokens(sequences: readonly EncodedIds[], options: EncodeOptions = {}): Promise<Float32Array[]> {
    const { dim, normalize, limits } = resolveEncode(this, options);
    const onProgress = (done: number) => options.onProgress?.(done, sequences.length);
    const vectors = await encodeWindow(this.opened.runner, sequences, 0, { ...limits, onProgress });
    return vectors.map((vector) => truncateVector(vector, dim, normalize));
  }

  /** `encode` with the prompt named "query", where the model has one and the options name none. */
  encodeQueries<T extends Texts>(texts: T, options: EncodeOptions = {}): Vectors<T> {
    return this.encode(texts, this.withPrompt(['query'], options));
  }

  /** `encode` with the prompt named "document", "passage" or "corpus", where the model has one and the options name none. */
  encodePassages<T extends Texts>(texts: T, options: EncodeOptions = {}): Vectors<T> {
    return this.encode(texts, this.withPrompt(['document', 'passage', 'corpus'], options));
  }

  /**
   * Writes a directory (float32) that `fromPretrained` and Python's sentence-transformers open, complete or not at all, with a new
   * plain card and the licence of the model that was opened.
   * With `golden`, golden.json records what the model gives for texts (some of its own, or those given), for `verify` to replay.
   * @throws SaveRefusedError for a directory that holds anything but a checkpoint, unless `overwrite`
   */
  async savePretrained(
    directory: string,
    { golden, ...options }: { overwrite?: boolean; golden?: boolean | readonly string[] } = {},
  ): Promise<void> {
    const { saveCheckpoint } = await import('@rag/models/node');
    await saveCheckpoint(directory, await this.toSave(golden), options);
  }

  /** What `savePretrained` writes, in memory by path: for a page, to keep or to offer as a download. */
  async files({ golden }: { golden?: boolean | readonly string[] } = {}): Promise<Map<string, Blob>> {
    return checkpointFiles(await this.toSave(golden));
  }

  private async toSave(golden?: boolean | readonly string[]): Promise<CheckpointToSave> {
    expectWeights(this.opened.onnx);
    const { config, head, settings, tokenizerFiles, pooler } = this.opened;
    const read = (name: string) => this.opened.weights.read(name);
    const model = await embeddingCheckpoint({ config, head, settings, tokenizerFiles, read, pooler });
    const cases = golden && (await this.golden(golden === true ? undefined : golden));
    const recorded = cases && { [GOLDEN_FILE]: goldenText('embedding', cases) };
    const made = { ...model, files: { ...model.files, ...recorded } };
    return withPlainCard(made, { task: 'embedding', sources: this.source ? [this.source] : [] });
  }

  /**
   * Writes `onnx/model.onnx` into a directory, beside what `savePretrained` writes: `last_hidden_state` and `sentence_embedding` over padded batches (int64 `input_ids`, `attention_mask`
   * and, where the model has segments, `token_type_ids`, all [batch, seq]), as transformers.js, optimum and ONNX Runtime feed it.
   * @throws RangeError for 2 GiB or more where `externalData` is false
   */
  async exportOnnx(directory: string, options: ExportOnnxOptions = {}): Promise<WrittenOnnx> {
    expectWeights(this.opened.onnx);
    const { config, head } = this;
    return exportEmbedding(
      directory,
      { config, head, read: (name) => this.opened.weights.read(name) },
      options,
    );
  }

  /**
   * Writes a narrower model (`onnx/model_fp16.onnx`, `model_quantized.onnx` of dtype q8, `model_q4.onnx`), once its vectors of `texts`, which
   * bring their own prompts, have been compared with this model's.
   * @throws ExportRefusedError where they are too far away or have other neighbours; RangeError for fewer than 4 texts
   */
  async exportNarrow(
    directory: string,
    texts: readonly string[],
    narrow: NarrowExport & ExportOnnxOptions,
  ): Promise<WrittenOnnx & { readonly loss: VectorLoss }> {
    expectWeights(this.opened.onnx);
    const { config, head } = this;
    const whole = { prompt: '', dim: this.dimension };
    const vectors = await this.encode(texts, whole);
    const { encoder } = resolveEncode(this, whole);
    const sequences = texts.map((text) => encoder.encode(text));
    const model = { config, head, read: (name: string) => this.opened.weights.read(name) };
    return exportNarrowEmbedding(directory, model, { ...narrow, sequences, vectors });
  }

  /** Every parameter by its name, float32, in memory: what training starts from. */
  async readWeights(): Promise<Map<string, Float32Array>> {
    expectWeights(this.opened.onnx);
    const weights = new Map<string, Float32Array>();
    for (const { name } of this.opened.parameters) weights.set(name, await this.opened.weights.read(name));
    return weights;
  }

  /** The same and what belongs to it, read one by one; also after `dispose`. */
  get stored(): Pick<OpenedEmbedding, 'parameters' | 'weights' | 'pooler' | 'tokenizerFiles'> {
    return this.opened;
  }

  /** What `fromParts` takes, in memory. */
  async readParts(): Promise<Required<EmbeddingParts>> {
    const pooler = new Map<string, Float32Array>();
    for (const [name, read] of this.opened.pooler) pooler.set(name, await read());
    const { config, head, settings, tokenizerFiles } = this.opened;
    return { config, head, settings, tokenizerFiles, weights: await this.readWeights(), pooler };
  }

  /** The ONNX file that it was opened from, by its path in the directory; undefined for one of weights. */
  get onnx(): string | undefined {
    return this.opened.onnx;
  }

  /** Frees the session; encoding afterwards is an error. */
  dispose(): void {
    this.opened.runner.dispose();
  }

  /** What the model gives for texts, or for some of its own, without a prompt: what golden.json records; tokens are those of the default length. */
  async golden(texts: readonly string[] = GOLDEN_PAIRS.map(([, passage]) => passage)): Promise<GoldenCase[]> {
    const { encoder } = resolveEncode(this, { prompt: '' });
    const vectors = await this.encode(texts, { prompt: '' });
    return goldenVectors(encoder, texts, vectors);
  }

  private withPrompt(names: readonly string[], options: EncodeOptions): EncodeOptions {
    const promptName = names.find((name) => Object.hasOwn(this.settings.prompts, name));
    const isNamed = options.prompt !== undefined || options.promptName !== undefined;
    return isNamed || promptName === undefined ? options : { ...options, promptName };
  }

  private async encodeList(texts: readonly string[], options: EncodeOptions): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    const progress = (done: number) => options.onProgress?.(done, texts.length);
    for await (const vector of this.stream(texts, options, progress)) vectors.push(vector);
    return vectors;
  }

  private async *stream(
    texts: Iterable<string> | AsyncIterable<string>,
    options: EncodeOptions,
    onProgress: ((done: number) => void) | undefined,
  ): AsyncGenerator<Float32Array, void, undefined> {
    const { encoder, prompt, dim, normalize, limits } = resolveEncode(this, options);
    const encode = (text: string) => encoder.encode(prompt + text);
    for await (const vector of encodeStream(this.opened.runner, texts, encode, { ...limits, onProgress }))
      yield truncateVector(vector, dim, normalize);
  }
}
