import type { PointwiseExample } from '@rag/data';
import { type EncoderConfig, initializeParameter, parseEncoderConfig } from '@rag/models';
import { Tokenizer, wordPieceTokenizerJson } from '@rag/text';

const words =
  'the a of in cat dog moon sun sat ran red blue why does what is bright night day 猫 月 亮 为 什 么 。 ? .'.split(
    ' ',
  );
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];

/** A BERT small enough to train in a test. */
export function tinyConfig(overrides: Record<string, unknown> = {}): EncoderConfig {
  return parseEncoderConfig({
    model_type: 'bert',
    architectures: ['BertForSequenceClassification'],
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
    id2label: { 0: 'LABEL_0' },
    ...overrides,
  });
}

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

/** Pairs of seeded words in sentences of 1 to 12 words, with labels of both kinds. */
export function tinyExamples(count: number): PointwiseExample[] {
  const text = (seed: number) =>
    Array.from({ length: 1 + ((seed * 7) % 12) }, (_, i) => words[(seed * 31 + i * 17) % words.length]).join(
      ' ',
    );
  return Array.from({ length: count }, (_, i) => ({
    at: { file: 'tiny', line: i + 1 },
    query: text(i),
    content: text(i * 3 + 1),
    label: i % 3 === 0 ? 1 : 0,
  }));
}
