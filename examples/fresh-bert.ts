import {
  type EncoderConfig,
  encoderConfigToJson,
  initializeParameters,
  type ParameterSpec,
  parseEncoderConfig,
} from '@rag/models';
import { saveCheckpoint } from '@rag/models/node';
import { buildWordPieceVocabulary, wordPieceTokenizerJson } from '@rag/text';

/** Keys of config.json. */
export interface BertSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  /** Most tokens of a text. */
  readonly max_position_embeddings: number;
  /** Standard deviation of fresh weights. */
  readonly initializer_range: number;
}

export interface VocabularySizes {
  /** Word pieces at most. */
  readonly size: number;
  /** How often a piece must occur in the texts. */
  readonly minFrequency: number;
}

/** A small BERT that is still to get its weights. */
export interface SmallBert {
  readonly config: EncoderConfig;
  readonly vocabulary: string[];
}

/** The word pieces that occur in texts, and the config of a small BERT that reads them. */
export function smallBert(texts: Iterable<string>, sizes: BertSizes, pieces: VocabularySizes): SmallBert {
  const vocabulary = buildWordPieceVocabulary(texts, { ...pieces, lowercase: true });
  const config = parseEncoderConfig({
    model_type: 'bert',
    vocab_size: vocabulary.length,
    num_attention_heads: 4,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    ...sizes,
  });
  return { config, vocabulary };
}

/**
 * Writes a checkpoint of fresh weights. Keys start as queries, and places matter little: attention then begins by
 * looking for the same word elsewhere (mimetic initialization, https://arxiv.org/abs/2305.09828).
 */
export async function saveFreshBert(
  directory: string,
  { config, vocabulary }: SmallBert,
  parameters: readonly ParameterSpec[],
  seed: number,
): Promise<void> {
  const weights = initializeParameters(parameters, config, seed);
  for (const [name, values] of weights) {
    if (name.endsWith('key.weight')) values.set(weights.get(name.replace('key', 'query'))!);
    if (name.endsWith('position_embeddings.weight')) for (const i of values.keys()) values[i]! *= 0.2;
  }
  await saveCheckpoint(directory, {
    config: encoderConfigToJson(config),
    tensors: parameters.map(({ name, shape }) => ({ name, shape, data: weights.get(name)! })),
    files: {
      'tokenizer.json': JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true }),
    },
  });
}
