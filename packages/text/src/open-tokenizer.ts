import { Tokenizer } from './tokenizer.js';

/** The texts of a checkpoint's tokenizer files by their names; those that are not named here are not read. */
export type TokenizerTexts = {
  readonly 'tokenizer.json'?: string;
  readonly 'tokenizer_config.json'?: string;
  readonly 'special_tokens_map.json'?: string;
  readonly 'added_tokens.json'?: string;
  readonly 'vocab.txt'?: string;
  readonly 'vocab.json'?: string;
  readonly 'merges.txt'?: string;
  readonly 'chat_template.jinja'?: string;
};

type JsonFile = keyof TokenizerTexts & `${string}.json`;

/**
 * The tokenizer of a checkpoint's files.
 * @throws SyntaxError for a file that is not JSON, TokenizerError for one that does not make a tokenizer
 */
export function openTokenizer(files: TokenizerTexts): Tokenizer {
  const json = (name: JsonFile): unknown => {
    const text = files[name];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new SyntaxError(
        `${name}: expected JSON, got ${(cause as Error).message} — fetch the file again`,
        {
          cause,
        },
      );
    }
  };
  const text = <K extends string>(key: K, name: keyof TokenizerTexts): Partial<Record<K, string>> => {
    const value = files[name];
    return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>;
  };
  const hasTokenizer = files['tokenizer.json'] !== undefined;
  return Tokenizer.fromFiles({
    tokenizerJson: json('tokenizer.json'),
    tokenizerConfig: json('tokenizer_config.json'),
    specialTokensMap: json('special_tokens_map.json'),
    addedTokens: json('added_tokens.json'),
    ...(hasTokenizer ? {} : { vocabJson: json('vocab.json') }),
    ...text('vocabTxt', 'vocab.txt'),
    ...text('mergesTxt', 'merges.txt'),
    ...text('chatTemplateJinja', 'chat_template.jinja'),
  });
}
