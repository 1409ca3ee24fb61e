import type { Normalizer } from './normalizer.js';
import { PieceTrie } from './piece-trie.js';
import { readArray, readBoolean, readInteger, readObject, readString } from './read-field.js';
import { whitespaceClass, wordClass } from './unicode.js';

/** A token that is recognised in raw text before any splitting, `added_tokens` of tokenizer.json. */
interface AddedToken {
  content: string;
  id: number;
  singleWord: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
}

/** A stretch of text (`id` undefined) or an added token; `start` is its UTF-16 offset in the split text. */
export interface Section {
  text: string;
  start: number;
  id: number | undefined;
}

// Tried from the first of the spaces only, so that a long run of them takes one look.
const SPACES_BEFORE = new RegExp(`(?<![${whitespaceClass}])[${whitespaceClass}]+$`);
const SPACES_AFTER = new RegExp(`^[${whitespaceClass}]+`);
const WORD_BEFORE = new RegExp(`[${wordClass}]$`, 'u');
const WORD_AFTER = new RegExp(`^[${wordClass}]`, 'u');

/**
 * Reads `added_tokens` and returns the two splitters: one for raw text, one for normalized text (tokens with
 * `normalized: true`, compared in their normalized form). Leftmost, then longest match, as `tokenizers` does.
 * `ids` maps each token's content to its id. Throws TokenizerError on a malformed entry.
 */
export function createAddedTokens(
  value: unknown,
  normalizer: Normalizer,
  where = 'tokenizer.json added_tokens',
) {
  const tokens = readArray(value ?? [], where, 1 << 16).map((entry, i): AddedToken => {
    const at = `${where}[${i}]`;
    const token = readObject(entry, at);
    const special = readBoolean(token.special, `${at}.special`, false);
    return {
      content: readString(token.content, `${at}.content`, 1024),
      id: readInteger(token.id, `${at}.id`, (1 << 24) - 1),
      singleWord: readBoolean(token.single_word, `${at}.single_word`, false),
      lstrip: readBoolean(token.lstrip, `${at}.lstrip`, false),
      rstrip: readBoolean(token.rstrip, `${at}.rstrip`, false),
      normalized: readBoolean(token.normalized, `${at}.normalized`, !special),
    };
  });
  const raw = new Map(tokens.filter((token) => !token.normalized).map((token) => [token.content, token]));
  const normalized = new Map(
    tokens.filter((token) => token.normalized).map((token) => [normalizer(token.content), token]),
  );
  return {
    ids: new Map(tokens.map((token) => [token.content, token.id])),
    splitRaw: createSplitter(raw),
    splitNormalized: createSplitter(normalized),
  };
}

/** Whether a place is between the two halves of one character. */
const isWithinPair = (text: string, at: number): boolean =>
  at > 0 && at < text.length && (text.codePointAt(at - 1) ?? 0) > 0xffff;

function createSplitter(tokens: ReadonlyMap<string, AddedToken>): (text: string) => Section[] {
  const contents = [...tokens.keys()].filter((content) => content !== '');
  if (contents.length === 0) return (text) => (text === '' ? [] : [{ text, start: 0, id: undefined }]);
  const trie = new PieceTrie();
  contents.forEach((content, i) => {
    trie.add(content, i);
  });
  /** The longest token at a place, which is not within a surrogate pair, nor does the token end in one. */
  const longestAt = (text: string, from: number): string | undefined => {
    let found: number | undefined;
    let node = trie.child(0, text.charCodeAt(from));
    if (node === -1 || isWithinPair(text, from)) return undefined;
    for (let end = from + 1; node !== -1; end += 1) {
      const id = trie.id(node);
      if (id !== -1 && !isWithinPair(text, end)) found = id;
      if (end === text.length) break;
      node = trie.child(node, text.charCodeAt(end));
    }
    return found === undefined ? undefined : contents[found];
  };
  return (text) => {
    const sections: Section[] = [];
    let end = 0;
    for (let at = 0; at < text.length; ) {
      const content = longestAt(text, at);
      if (content === undefined) {
        at += 1;
        continue;
      }
      const token = tokens.get(content)!;
      let from = at;
      let to = from + content.length;
      at = to;
      if (
        token.singleWord &&
        (WORD_BEFORE.test(text.slice(Math.max(0, from - 2), from)) || WORD_AFTER.test(text.slice(to)))
      )
        continue;
      if (token.lstrip)
        from = Math.max(from - (SPACES_BEFORE.exec(text.slice(end, from))?.[0].length ?? 0), end);
      if (token.rstrip) to += SPACES_AFTER.exec(text.slice(to))?.[0].length ?? 0;
      if (end < from) sections.push({ text: text.slice(end, from), start: end, id: undefined });
      sections.push({ text: text.slice(from, to), start: from, id: token.id });
      end = to;
    }
    if (end < text.length) sections.push({ text: text.slice(end), start: end, id: undefined });
    return sections;
  };
}
