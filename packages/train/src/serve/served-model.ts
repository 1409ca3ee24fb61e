import type { Answer } from './model-queue.js';

/** What every model of a server has. */
export interface ServedModel {
  /** What clients call it. */
  readonly name: string;
  /** Tokens of an input, special ones included. */
  readonly maxInputLength: number;
  /** `model_type` of `/info`. */
  readonly modelType: Readonly<Record<string, unknown>>;
  /** Inputs that have a place in its queue. */
  readonly held: number;
  /** Runs an input of its own. @throws what is wrong with it */
  probe(): Promise<unknown>;
  /** After all that runs. */
  close(): Promise<void>;
}

interface InputOptions {
  /** Longer inputs lose their end; false refuses them. */
  readonly truncate: boolean;
  readonly signal?: AbortSignal;
  /** What errors call the inputs. */
  readonly where: string;
}

export interface TextOptions extends InputOptions {
  /** A prompt of the model, or, of a ColBERT model, the side: "query", or "document" (default). */
  readonly promptName?: string;
}

export interface EmbedOptions extends TextOptions {
  readonly normalize: boolean;
  /** Elements kept of each vector; by default what the model's files say. */
  readonly dim?: number;
}

/** Vectors of texts. */
export interface EmbeddingService extends ServedModel {
  embed(texts: readonly string[], options: EmbedOptions): Promise<Answer<Float32Array>>;
}

/** A score for each text. */
export interface ScoringService extends ServedModel {
  /** @param options `rawScores`: as the model gives them; otherwise within (0, 1), or for ColBERT the mean of the best cosines */
  score(
    query: string,
    texts: readonly string[],
    options: Omit<InputOptions, 'where'> & { readonly rawScores: boolean },
  ): Promise<Answer<number>>;
}

/** And a vector for each token. */
export interface ColbertService extends ScoringService {
  /** [tokens, dim] of each text. */
  embedAll(texts: readonly string[], options: TextOptions): Promise<Answer<Float32Array[]>>;
}

/** The models of a server, by what they do. */
export interface ServedModels {
  readonly embedding?: EmbeddingService;
  readonly colbert?: ColbertService;
  readonly reranker?: ScoringService;
}
