import {
  checkpointFiles,
  type EncoderConfig,
  expectWeights,
  type FileSource,
  GOLDEN_FILE,
  GOLDEN_PAIRS,
  type GoldenCase,
  goldenText,
  type ParameterSpec,
  parametersOf,
  type ScoreLoss,
  type Weights,
  withPlainCard,
} from '@rag/models';
import type { CheckpointToSave, ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import { cellsPerRun, type Provider } from '@rag/runtime';
import type { EncodedIds, Tokenizer } from '@rag/text';
import { checkPair, checkPairs, checkTexts } from './check-pairs.js';
import { rerankerCheckpoint } from './checkpoint-to-save.js';
import type { Ranked, RerankOptions, ScoreOptions } from './cross-encoder-options.js';
import { exportNarrowReranker, exportReranker, type RerankerToExport } from './export-reranker.js';
import { goldenScores } from './golden-scores.js';
import type { NarrowExport } from './judge-export.js';
import type { OpenedReranker, RerankerParts } from './open-reranker.js';
import type { Pair, PairEncoder } from './pair-encoder.js';
import { rankPassages, slicePassages } from './rank-passages.js';
import { defaultMaxLength } from './reranker-config.js';
import { scoreSequences } from './score-sequences.js';

/** Any model that reads a query and a passage together and gives them one logit; its kinds differ in how they are opened. */
export abstract class PairReranker {
  readonly config: EncoderConfig;
  readonly tokenizer: Tokenizer;

  protected constructor(
    protected readonly opened: OpenedReranker,
    /** Where it runs; of `auto` what that took. */
    readonly provider: Provider,
    protected readonly source?: FileSource,
  ) {
    this.config = opened.config;
    this.tokenizer = opened.tokenizer;
  }

  /** What training needs of the model: how it reads pairs, what computes its scores, what is saved beside it. */
  get parts(): RerankerParts {
    return this.opened;
  }

  /**
   * Tokens of a pair, special ones included, where `ScoreOptions.maxLength` does not say: as many as the model was trained on, if its
   * reranker_config.json states them; else 512, or what it has positions for.
   */
  get maxLength(): number {
    return this.opened.maxLength ?? defaultMaxLength(this.config);
  }

  /** Parameters that the checkpoint did not have and that were initialised afresh: such a head must be trained first. */
  get initialized(): readonly string[] {
    return this.opened.weights.initialized;
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
   * The scores of sequences that `parts.encoder` made, as `computeScore` gives them: for a server, which counts tokens first.
   * @throws as `computeScore`
   */
  async scoreTokens(sequences: readonly EncodedIds[], options: ScoreOptions = {}): Promise<number[]> {
    return this.score(sequences, options);
  }

  /**
   * The passages from the most to the least relevant, with their places in the given list; equal scores keep its order.
   * @throws as `computeScore`
   */
  async rerank(query: string, passages: readonly string[], options: RerankOptions = {}): Promise<Ranked[]> {
    checkTexts(query, passages);
    const sliced = slicePassages(this.encoder(options), query, passages, options);
    return rankPassages(passages, sliced.passageOf, await this.score(sliced.sequences, options), options);
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
    await saveCheckpoint(directory, await this.toSave(golden), options);
  }

  /** What `savePretrained` writes, in memory by path: for a page, to keep or to offer as a download. */
  async files({ golden }: { golden?: boolean | readonly Pair[] } = {}): Promise<Map<string, Blob>> {
    return checkpointFiles(await this.toSave(golden));
  }

  private async toSave(golden?: boolean | readonly Pair[]): Promise<CheckpointToSave> {
    expectWeights(this.opened.onnx);
    const cases = golden && (await this.golden(golden === true ? undefined : golden));
    const recorded = cases && { [GOLDEN_FILE]: goldenText('reranker', cases) };
    const model = rerankerCheckpoint({
      config: this.config,
      tokenizerFiles: this.opened.tokenizerFiles,
      parameters: parametersOf(this.opened.graph),
      read: (name) => this.opened.weights.read(name),
    });
    const made = { ...model, files: { ...model.files, ...this.opened.files, ...recorded } };
    return withPlainCard(made, { task: 'reranker', sources: this.source ? [this.source] : [] });
  }

  /**
   * Writes `onnx/model.onnx` into a directory, beside what `savePretrained` writes: `logits` [batch, 1] over padded batches (int64 `input_ids`, `attention_mask`
   * and, where the model has segments, `token_type_ids`, all [batch, seq]), as transformers.js, optimum and ONNX Runtime feed it.
   * @throws RangeError for 2 GiB or more where `externalData` is false
   */
  async exportOnnx(directory: string, options: ExportOnnxOptions = {}): Promise<WrittenOnnx> {
    return exportReranker(directory, this.exported(), options);
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
    const encoder = this.encoder({});
    const sequences = checkPairs(pairs).map((pair) => encoder.encode(...pair));
    const scores = await this.computeScore(pairs);
    return exportNarrowReranker(directory, this.exported(), { ...narrow, sequences, scores });
  }

  /** Every parameter by its Hugging Face name, float32, in memory: what training starts from. */
  async readWeights(): Promise<Map<string, Float32Array>> {
    const weights = new Map<string, Float32Array>();
    for (const { name } of parametersOf(this.opened.graph))
      weights.set(name, await this.opened.weights.read(name));
    return weights;
  }

  /** The same, read one by one; also after `dispose`. */
  get stored(): Pick<Weights, 'read' | 'elements'> & { readonly parameters: readonly ParameterSpec[] } {
    const { graph, weights } = this.opened;
    return { parameters: parametersOf(graph), ...weights };
  }

  /** The ONNX file that it was opened from, by its path in the directory; undefined for one of weights. */
  get onnx(): string | undefined {
    return this.opened.onnx;
  }

  /** Frees the session; scoring afterwards is an error. */
  dispose(): void {
    this.opened.runner.dispose();
  }

  private exported(): RerankerToExport {
    expectWeights(this.opened.onnx);
    return {
      config: this.config,
      scores: this.opened.scores,
      read: (name) => this.opened.weights.read(name),
    };
  }

  /** What the model gives for pairs, or for some of its own: what golden.json records; tokens are those of the default length. */
  async golden(pairs: readonly Pair[] = GOLDEN_PAIRS): Promise<GoldenCase[]> {
    const scores = await this.computeScore(pairs);
    return goldenScores(this.encoder({}), pairs, scores);
  }

  private encoder({ maxLength = this.maxLength }: ScoreOptions): PairEncoder {
    return this.opened.encoder(maxLength);
  }

  private async score(
    sequences: readonly EncodedIds[],
    {
      batchSize = 64,
      maxTokens = cellsPerRun(this.provider),
      normalize = false,
      onProgress,
      signal,
    }: ScoreOptions,
  ): Promise<number[]> {
    const logits = await scoreSequences(
      this.opened.runner,
      sequences,
      this.tokenizer.padId,
      { batchSize, maxTokens },
      { onProgress, signal },
    );
    return normalize ? logits.map((logit) => 1 / (1 + Math.exp(-logit))) : logits;
  }
}
