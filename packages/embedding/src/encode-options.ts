import type { EncoderConfig } from '@rag/models';
import { longestSequence, OptionError } from '@rag/models';
import { cellsPerRun, type Provider } from '@rag/runtime';
import type { Tokenizer } from '@rag/text';
import { type EmbeddingHead, embeddingDimension } from './embedding-head.js';
import type { EmbeddingSettings } from './embedding-settings.js';
import type { BatchLimits, StreamOptions } from './encode-stream.js';
import { type TextTokenizer, textEncoder } from './text-encoder.js';

/** How texts are encoded. */
export interface EncodeOptions extends Partial<BatchLimits> {
  /** Put in front of every text, without a separator; '' for none. */
  readonly prompt?: string;
  /** A prompt of the model's `settings.prompts`; by default its `default_prompt_name`, if any. */
  readonly promptName?: string;
  /** Elements kept of each vector (https://arxiv.org/abs/2205.13147); by default `settings.truncate_dim`, or all. */
  readonly dim?: number;
  /**
   * Divides each vector by its L2 norm, after `dim`; by default where the model ends in Normalize. false leaves the
   * elements as the model gives them.
   */
  readonly normalize?: boolean;
  /** Tokens of a text with its prompt, special ones included; longer ones lose their end. */
  readonly maxLength?: number;
  /** Called after each batch with the number of texts encoded so far, and how many there are where a list was given. */
  readonly onProgress?: (done: number, total?: number) => void;
  /** Stops between batches; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

/** What `encode` takes: a text, a list, or a source of texts that is read as it is encoded. */
export type Texts = string | readonly string[] | Iterable<string> | AsyncIterable<string>;

/** What `encode` gives for it: float32 vectors. */
export type Vectors<T extends Texts> = T extends string
  ? Promise<Float32Array>
  : T extends readonly string[]
    ? Promise<Float32Array[]>
    : AsyncGenerator<Float32Array, void, undefined>;

/** What options come to for one model. */
export interface ResolvedEncode {
  readonly encoder: TextTokenizer;
  readonly prompt: string;
  readonly dim: number;
  /** Whether vectors are to be normalised after the graph has done what it does. */
  readonly normalize: boolean;
  /** How sequences are put into batches. */
  readonly limits: Omit<StreamOptions, 'onProgress'>;
}

/** @throws OptionError for options out of range, a prompt that is not there, and two prompts */
export function resolveEncode(
  model: {
    readonly config: EncoderConfig;
    readonly head: EmbeddingHead;
    readonly settings: EmbeddingSettings;
    readonly tokenizer: Tokenizer;
    readonly provider: Provider;
    /** Elements of a vector; by default what the head makes of it. */
    readonly dimension?: number;
  },
  options: EncodeOptions,
): ResolvedEncode {
  const { config, head, settings, tokenizer } = model;
  const width = model.dimension ?? embeddingDimension(config, head);
  const { dim = Math.min(settings.truncate_dim ?? width, width), normalize = head.normalize } = options;
  if (!Number.isInteger(dim) || dim < 1 || dim > width)
    throw new OptionError(
      'dim',
      `expected a whole number from 1 to ${width}, got ${dim}`,
      'leave it out to keep the whole vector',
    );
  const limit = settings.max_seq_length ?? tokenizer.modelMaxLength;
  const maxLength = options.maxLength ?? Math.min(limit, longestSequence(config));
  const encoder = textEncoder(tokenizer, config, maxLength);
  const prompt = promptOf(settings, options);
  const pools = head.includePrompt ?? true;
  const unpooled = pools ? undefined : prompt === '' ? 0 : encoder.promptTokens(prompt);
  const { batchSize = 64, maxTokens = cellsPerRun(model.provider), signal } = options;
  return {
    encoder,
    prompt,
    limits: { padId: encoder.padId, batchSize, maxTokens, unpooled, signal },
    dim,
    normalize: normalize && !(head.normalize && dim === width),
  };
}

function promptOf({ prompts, default_prompt_name }: EmbeddingSettings, options: EncodeOptions): string {
  const { prompt, promptName = prompt === undefined ? default_prompt_name : undefined } = options;
  if (prompt !== undefined && promptName !== undefined)
    throw new OptionError(
      'promptName',
      `expected none beside prompt, got ${JSON.stringify(promptName)}`,
      'give one of them',
    );
  if (prompt !== undefined && typeof prompt !== 'string')
    throw new TypeError(`prompt: expected a string, got ${typeof prompt} — give its text`);
  if (promptName === undefined || promptName === null) return prompt ?? '';
  if (!Object.hasOwn(prompts, promptName))
    throw new OptionError(
      'promptName',
      `expected one of the model's prompts (${Object.keys(prompts).join(', ') || 'it has none'}), got ${JSON.stringify(promptName)}`,
      'give its text as prompt in place of its name',
    );
  return prompts[promptName]!;
}
