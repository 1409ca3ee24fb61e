import * as library from '@huggingface/tokenizers';

/** A model of @huggingface/tokenizers: words to piece texts. */
export type LibraryModel = (words: string[]) => string[];

interface Components {
  WordPiece: new (config: {
    type: 'WordPiece';
    vocab: Readonly<Record<string, unknown>>;
    unk_token: string;
    continuing_subword_prefix: string;
    max_input_chars_per_word: number;
  }) => LibraryModel;
  ReplaceNormalizer: new (config: {
    type: 'Replace';
    pattern: { Regex: string } | { String: string };
    content: string;
  }) => { readonly pattern: RegExp | null };
}

/**
 * The components taken from @huggingface/tokenizers 0.2.0. Its declaration files import one another without
 * extensions, which NodeNext does not resolve, so the parts in use are declared here.
 */
export const { WordPiece, ReplaceNormalizer } = library as unknown as Components;
