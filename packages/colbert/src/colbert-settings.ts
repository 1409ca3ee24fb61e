import { type HiddenAct, OptionError } from '@rag/models';

/** The directories that ColBERT models come in; `savePretrained` writes the one that a model came from. */
export type ColbertLayout = 'rag-retrieval' | 'pylate' | 'colbertv2';

/** One layer of the projection, of [tokens, in] to [tokens, out]: activation(x·Wᵀ + b), plus x where `residual`. */
export interface ProjectionLayer {
  /** Where its parameters stand: `<name>.weight` [out, in], `<name>.bias` [out]. */
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly bias: boolean;
  readonly activation: HiddenAct | 'identity';
  /** PyLate's `use_residual`: adds x, or x·Rᵀ with `<name>.residual.weight` [out, in] where the widths differ. */
  readonly residual: boolean;
}

/**
 * What a ColBERT model does around its encoder. Keys in snake_case are those of PyLate's
 * config_sentence_transformers.json.
 */
export interface ColbertSettings {
  readonly layout: ColbertLayout;
  /** The token that stands after the first special token of a query; '' for none. */
  readonly query_prefix: string;
  readonly document_prefix: string;
  /** Most tokens of a query, special ones and the marker included. */
  readonly query_length: number;
  readonly document_length: number;
  /** Queries are filled up to `query_length` with mask tokens, whose vectors count. */
  readonly do_query_expansion: boolean;
  /** Whether the other tokens attend to those of the expansion. */
  readonly attend_to_expansion_tokens: boolean;
  /** Tokens of passages whose vectors do not count. */
  readonly skiplist_words: readonly string[];
  /** RAG-Retrieval: the first position, and pad and cls wherever they stand, do not count on either side. */
  readonly maskSpecialTokens: boolean;
  /** RAG-Retrieval: the sum over a query's tokens is divided by their number. */
  readonly divideByQueryLength: boolean;
  /** RAG-Retrieval's layout, in our colbert_settings.json: text in front of every query, without a separator; none unless said. */
  readonly query_instruction?: string;
  /** sentence_bert_config.json: texts are lower-cased before the tokenizer. */
  readonly do_lower_case: boolean;
  /** At least one layer; the last one's `out` is the width of the vectors. */
  readonly projection: readonly ProjectionLayer[];
}

/** `string.punctuation` of Python: the default skiplist of PyLate and of Stanford's ColBERT. */
export const PUNCTUATION: readonly string[] = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'];

/** The projection of RAG-Retrieval and of Stanford's ColBERT: one linear layer. */
export const linearProjection = (hidden: number, dim: number, bias: boolean): ProjectionLayer[] => [
  { name: 'linear', in: hidden, out: dim, bias, activation: 'identity', residual: false },
];

/**
 * The settings of RAG-Retrieval: no markers, no expansion, pad and cls masked, scores divided by the query's length;
 * queries of 128 tokens and passages of 512, as its `compute_score` defaults to, or what the model has positions for.
 */
export const ragRetrievalSettings = (
  projection: readonly ProjectionLayer[],
  longest = Number.POSITIVE_INFINITY,
): ColbertSettings => ({
  layout: 'rag-retrieval',
  query_prefix: '',
  document_prefix: '',
  query_length: Math.min(128, longest),
  document_length: Math.min(512, longest),
  do_query_expansion: false,
  attend_to_expansion_tokens: false,
  skiplist_words: [],
  maskSpecialTokens: true,
  divideByQueryLength: true,
  do_lower_case: false,
  projection,
});

/** Width of a token's vector. */
export const dimensionOf = ({ projection }: ColbertSettings): number => projection.at(-1)!.out;

/**
 * Settings that a model of this width and these positions can have.
 * @throws RangeError naming the setting
 */
export function checkSettings(settings: ColbertSettings, hidden: number, longest: number): ColbertSettings {
  const { projection } = settings;
  for (const key of ['query_length', 'document_length'] as const) {
    const length = settings[key];
    // A special token, a marker, one of the text, a special token.
    if (!Number.isInteger(length) || length < 4 || length > longest)
      throw new OptionError(
        key,
        `expected a whole number of tokens from 4 to ${longest} (the model's positions), got ${length}`,
        'choose one of these',
      );
  }
  if (projection.length === 0)
    throw new RangeError('projection: expected at least one layer, got none — give colbertDim');
  let width = hidden;
  for (const { name, in: from, out } of projection) {
    if (from !== width || !Number.isSafeInteger(out) || out < 1)
      throw new RangeError(
        `projection "${name}": expected a layer from ${width} to a positive width, got ${from} to ${out} — use the files that belong together`,
      );
    width = out;
  }
  return settings;
}
