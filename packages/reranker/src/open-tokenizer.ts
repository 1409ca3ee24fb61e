import type { TokenizerFile } from '@rag/models';
import { Tokenizer } from '@rag/text';

/** The texts of tokenizer.json and its kin, by file name. */
export type TokenizerTexts = Readonly<Partial<Record<TokenizerFile, string>>>;

/**
 * The tokenizer of a checkpoint's files.
 * @throws SyntaxError for a file that is not JSON, TokenizerError for one that does not make a tokenizer
 */
export function openTokenizer(files: TokenizerTexts): Tokenizer {
  const json = (name: TokenizerFile): unknown => {
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
