import { type EncoderConfig, initializeParameter, parametersOf, parseEncoderConfig } from '@rag/models';
import { Tokenizer, wordPieceTokenizerJson } from '@rag/text';
import { embeddingGraph } from '../embedding-graph.js';
import type { EmbeddingHead } from '../embedding-head.js';

const words =
  'the a of in cat dog moon sun sat ran red blue why does what is bright night day query passage : 猫 月 亮 为 什 么 。 ? .'.split(
    ' ',
  );
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];

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

/** The mean of the token vectors, through a Dense of 8, normalised. */
export const tinyHead: EmbeddingHead = {
  pooling: ['mean'],
  includePrompt: true,
  dense: [{ name: '2_Dense', in: 16, out: 8, bias: true, activation: 'tanh' }],
  normalize: true,
};

export const tinyTokenizerFiles = {
  'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true }),
};

export const tinyTokenizer = (): Tokenizer =>
  Tokenizer.fromFiles({ tokenizerJson: JSON.parse(tinyTokenizerFiles['tokenizer.json']) });

/** Fresh parameters, as `compile` asks for them. */
export const tinyWeights =
  (config: EncoderConfig, seed = 7) =>
  (name: string, shape: readonly number[]): Float32Array =>
    initializeParameter({ name, shape }, config, seed);

/** Every parameter of a model: name, shape and seeded elements. */
export function tinyParameters(config = tinyConfig(), head = tinyHead, seed = 7) {
  const weights = tinyWeights(config, seed);
  return parametersOf(embeddingGraph(config, head)).map(({ name, shape }) => ({
    name,
    shape,
    data: weights(name, shape),
  }));
}

/** Seeded sentences of 1 to 12 words. */
export const tinyTexts = (count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from(
      { length: 1 + ((i * 7) % 12) },
      (_, j) => words[(i * 31 + j * 17 + i * j) % words.length],
    ).join(' '),
  );
