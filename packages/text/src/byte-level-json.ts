import { TokenizerError } from './errors.js';
import { describe, type JsonObject, readBoolean, readObject, readString } from './read-field.js';

const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const CONFIG = 'tokenizer_config.json';
const MAX_CHARACTERS = 1 << 26;

/**
 * The tokenizer.json of a checkpoint that has vocab.json and merges.txt only, by `tokenizer_class` of tokenizer_config.json:
 * RobertaTokenizer, GPT2Tokenizer or Qwen2Tokenizer, made of the components that transformers gives each.
 * @throws TokenizerError for another class, and for files that are malformed
 */
export function byteLevelTokenizerJson(
  vocabJson: unknown,
  mergesTxt: string,
  config: JsonObject,
): Record<string, unknown> {
  const vocab = readObject(vocabJson, 'vocab.json');
  const name = typeof config.tokenizer_class === 'string' ? config.tokenizer_class.replace(/Fast$/, '') : '';
  const kind = name.replace(/Tokenizer$/, '');
  if (!['Roberta', 'GPT2', 'Qwen2'].includes(kind))
    throw new TokenizerError(
      `${CONFIG} tokenizer_class`,
      'RobertaTokenizer, GPT2Tokenizer or Qwen2Tokenizer beside vocab.json and merges.txt',
      describe(config.tokenizer_class),
      'write tokenizer.json: open the directory with AutoTokenizer of transformers and save it',
    );
  if (mergesTxt.length > MAX_CHARACTERS)
    throw new TokenizerError(
      'merges.txt',
      `at most ${MAX_CHARACTERS} characters`,
      String(mergesTxt.length),
      'take it again',
    );
  const prefixes = readBoolean(config.add_prefix_space, `${CONFIG} add_prefix_space`, false);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: prefixes, trim_offsets: true };
  const words = { type: 'Split', pattern: { Regex: QWEN2_WORDS }, behavior: 'Isolated', invert: false };
  return {
    version: '1.0',
    added_tokens: kind === 'Roberta' ? robertaTokens(vocab, config) : [],
    normalizer: kind === 'Qwen2' ? { type: 'NFC' } : null,
    pre_tokenizer:
      kind === 'Qwen2'
        ? { type: 'Sequence', pretokenizers: [words, { ...byteLevel, use_regex: false }] }
        : { ...byteLevel, use_regex: true },
    post_processor: kind === 'Roberta' ? robertaProcessor(vocab, config, prefixes) : { type: 'ByteLevel' },
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: mergesTxt.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version')),
    },
  };
}

const ROBERTA = {
  cls_token: '<s>',
  pad_token: '<pad>',
  sep_token: '</s>',
  unk_token: '<unk>',
  mask_token: '<mask>',
} as const;

function robertaToken(vocab: JsonObject, config: JsonObject, role: keyof typeof ROBERTA): [string, number] {
  const where = `${CONFIG} ${role}`;
  const stated = config[role] ?? ROBERTA[role];
  const content = readString(typeof stated === 'string' ? stated : readObject(stated, where).content, where);
  const id = Object.hasOwn(vocab, content) ? vocab[content] : undefined;
  if (typeof id !== 'number')
    throw new TokenizerError(where, 'a token of vocab.json', JSON.stringify(content), 'name the right one');
  return [content, id];
}

/** The mask takes the space before it, as other words do. */
function robertaTokens(vocab: JsonObject, config: JsonObject): JsonObject[] {
  return (Object.keys(ROBERTA) as (keyof typeof ROBERTA)[]).map((role) => {
    const [content, id] = robertaToken(vocab, config, role);
    return { id, content, lstrip: role === 'mask_token', normalized: false, special: true };
  });
}

function robertaProcessor(vocab: JsonObject, config: JsonObject, prefixes: boolean): JsonObject {
  return {
    type: 'RobertaProcessing',
    sep: robertaToken(vocab, config, 'sep_token'),
    cls: robertaToken(vocab, config, 'cls_token'),
    trim_offsets: true,
    add_prefix_space: prefixes,
  };
}
