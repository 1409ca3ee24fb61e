import type { Normalizer } from './normalizer.js';
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

const SPACES_BEFORE = new RegExp(`[${whitespaceClass}]+$`);
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

function createSplitter(tokens: ReadonlyMap<string, AddedToken>): (text: string) => Section[] {
  const contents = [...tokens.keys()].filter((content) => content !== '');
  if (contents.length === 0) return (text) => (text === '' ? [] : [{ text, start: 0, id: undefined }]);
  // Longest first: alternation takes the first alternative that matches.
  const pattern = new RegExp(
    contents
      .sort((a, b) => b.length - a.length)
      .map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
      .join('|'),
    'gu',
  );
  return (text) => {
    const sections: Section[] = [];
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      const token = tokens.get(match[0])!;
      let from = match.index;
      let to = from + match[0].length;
      if (token.singleWord && (WORD_BEFORE.test(text.slice(0, from)) || WORD_AFTER.test(text.slice(to))))
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
