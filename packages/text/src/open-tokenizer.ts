import { Tokenizer } from './tokenizer.js';

/** The texts of a checkpoint's tokenizer files by their names; those that are not named here are not read. */
export type TokenizerTexts = {
  readonly 'tokenizer.json'?: string;
  readonly 'tokenizer_config.json'?: string;
  readonly 'vocab.txt'?: string;
};

/**
 * The tokenizer of a checkpoint's files.
 * @throws SyntaxError for a file that is not JSON, TokenizerError for one that does not make a tokenizer
 */
export function openTokenizer(files: TokenizerTexts): Tokenizer {
  const json = (name: 'tokenizer.json' | 'tokenizer_config.json'): unknown => {
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
  return Tokenizer.fromFiles({
    tokenizerJson: json('tokenizer.json'),
    tokenizerConfig: json('tokenizer_config.json'),
    ...(files['vocab.txt'] === undefined ? {} : { vocabTxt: files['vocab.txt'] }),
  });
}
