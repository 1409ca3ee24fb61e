import { type EncoderConfig, initializeParameter, parseEncoderConfig } from '@rag/models';
import { Tokenizer, wordPieceTokenizerJson } from '@rag/text';
import { colbertParameters } from '../colbert-graph.js';
import { type ColbertSettings, linearProjection, ragRetrievalSettings } from '../colbert-settings.js';

const words =
  'the a of in cat dog moon sun sat ran red blue why does what is bright night day lights at and 猫 月 亮 为 什 么 。 , ! ? .'.split(
    ' ',
  );
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[unused0]', '[unused1]', ...words];

/** A BERT small enough to train in a test. */
export function tinyConfig(overrides: Record<string, unknown> = {}): EncoderConfig {
  return parseEncoderConfig({
    model_type: 'bert',
    architectures: ['BertModel'],
    vocab_size: vocabulary.length,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 32,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: 64,
    type_vocab_size: 2,
    initializer_range: 0.2,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    ...overrides,
  });
}

export const tinyTokenizerFiles = {
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true }),
};

export const tinyTokenizer = (): Tokenizer =>
  Tokenizer.fromFiles({ tokenizerJson: JSON.parse(tinyTokenizerFiles['tokenizer.json']) });

/** RAG-Retrieval's settings with vectors of `dim`. */
export const tinySettings = (
  overrides: Partial<ColbertSettings> = {},
  dim = 8,
  config = tinyConfig(),
): ColbertSettings => ({
  ...ragRetrievalSettings(linearProjection(config.hidden_size, dim, true), config.max_position_embeddings),
  ...overrides,
});

/** Fresh parameters by name, seeded. */
export const tinyWeights = (
  config = tinyConfig(),
  settings = tinySettings(),
  seed = 7,
): Map<string, Float32Array> =>
  new Map(
    colbertParameters(config, settings).map((spec) => [spec.name, initializeParameter(spec, config, seed)]),
  );

/** Seeded sentences of 1 to 12 words. */
export const tinyTexts = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from(
      { length: 1 + (((from + i) * 7) % 12) },
      (_, word) => words[((from + i) * 31 + word * 17) % words.length],
    ).join(' '),
  );
