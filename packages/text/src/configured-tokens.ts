import { TokenizerError } from './errors.js';
import { describe, type JsonObject, readArray, readInteger, readObject, readString } from './read-field.js';

const ROLES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];
const LISTS = ['additional_special_tokens', 'extra_special_tokens'];
const CONFIG = 'tokenizer_config.json';

/**
 * tokenizer_config.json with the roles of the older special_tokens_map.json, which come first unless the config has
 * `added_tokens_decoder`: as transformers 5.18 reads them.
 */
export function withSpecialTokensMap(config: JsonObject, map: unknown): JsonObject {
  if (map === undefined || config.added_tokens_decoder !== undefined) return config;
  const entries = Object.entries(readObject(map, 'special_tokens_map.json'));
  return {
    ...config,
    ...Object.fromEntries(entries.filter(([key]) => ROLES.includes(key) || LISTS.includes(key))),
  };
}

/** The texts of the tokens with a role, as chat templates know them: `bos_token`, `eos_token`, … */
export function specialTokenTexts(config: JsonObject): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const role of ROLES) {
    const token = asToken(config[role], `${CONFIG} ${role}`);
    if (token !== undefined) texts[role] = token.content;
  }
  return texts;
}

/**
 * `added_tokens` of tokenizer.json with what the files beside it say of them: `added_tokens_decoder` (its flags come first),
 * else added_tokens.json, and the special tokens. A token that the vocabulary lacks gets the next id, as in transformers.
 * @param ids the vocabulary
 * @throws TokenizerError where a file gives a token another id
 */
export function configuredTokens(
  value: unknown,
  config: JsonObject,
  addedTokens: unknown,
  ids: ReadonlyMap<string, number>,
): readonly unknown[] {
  const entries = readArray(value ?? [], 'tokenizer.json added_tokens', 1 << 16);
  const tokens = new Map<unknown, JsonObject>();
  for (const [i, entry] of entries.entries()) {
    const token = readObject(entry, `tokenizer.json added_tokens[${i}]`);
    tokens.set(token.content, token);
  }
  let largest: number | undefined;
  const nextId = (): number => {
    if (largest === undefined) {
      largest = -1;
      for (const id of ids.values()) largest = Math.max(largest, id);
      for (const { id } of tokens.values()) if (typeof id === 'number') largest = Math.max(largest, id);
    }
    largest += 1;
    return largest;
  };
  const idOf = (content: string): number => {
    const known = tokens.get(content)?.id ?? ids.get(content);
    return typeof known === 'number' ? known : nextId();
  };
  const add = (token: Token, where: string, stated?: number): void => {
    const id = idOf(token.content);
    if (stated !== undefined && stated !== id)
      throw new TokenizerError(
        where,
        `the id ${id} of the other files`,
        String(stated),
        'the files do not match',
      );
    tokens.set(token.content, { ...token, id });
  };
  const decoder = config.added_tokens_decoder;
  if (decoder !== undefined && decoder !== null) {
    const byId = Object.entries(readObject(decoder, `${CONFIG} added_tokens_decoder`));
    for (const [id, entry] of byId.sort(([a], [b]) => Number(a) - Number(b))) {
      const where = `${CONFIG} added_tokens_decoder["${id}"]`;
      add(asToken(entry ?? readObject(entry, where), where)!, where, Number(id));
    }
  } else if (addedTokens !== undefined) {
    const byContent = Object.entries(readObject(addedTokens, 'added_tokens.json'));
    for (const [content, id] of byContent) {
      const where = `added_tokens.json ${JSON.stringify(content)}`;
      if (!tokens.has(content)) add({ content }, where, readInteger(id, where, (1 << 24) - 1));
    }
  }
  for (const [where, entry] of specials(config)) {
    const token = asToken(entry, where);
    // One that Tokenizer has an id for is not made up: readSpecialIds refuses it.
    const mustExist = /(unk|sep|pad|cls|mask)_token$/.test(where) && !ids.has(token?.content ?? '');
    if (token !== undefined && !tokens.has(token.content) && !mustExist)
      add({ normalized: false, ...token, special: true }, where);
  }
  return [...tokens.values()];
}

/** Classes of transformers that make their pre-tokenizer from `add_prefix_space` of the config, whatever tokenizer.json says. */
const PREFIX_CLASSES = /^(Roberta|Longformer|LED|Bart|GPT2)Tokenizer(Fast)?$/;

/** tokenizer.json with `add_prefix_space` of tokenizer_config.json, for the classes of transformers that read it there. */
export function withPrefixSpace(json: JsonObject, config: JsonObject): JsonObject {
  const { add_prefix_space: prefixes, tokenizer_class: name } = config;
  if (typeof prefixes !== 'boolean' || typeof name !== 'string' || !PREFIX_CLASSES.test(name)) return json;
  const pre = json.pre_tokenizer;
  if (typeof pre !== 'object' || pre === null || (pre as JsonObject).type !== 'ByteLevel') return json;
  return { ...json, pre_tokenizer: { ...pre, add_prefix_space: prefixes } };
}

interface Token extends JsonObject {
  readonly content: string;
}

/** Every entry that names a special token, with its place. */
function* specials(config: JsonObject): Generator<[where: string, entry: unknown]> {
  for (const role of ROLES) yield [`${CONFIG} ${role}`, config[role]];
  for (const list of LISTS) {
    const entries = config[list] ?? [];
    if (typeof entries !== 'object')
      throw new TokenizerError(`${CONFIG} ${list}`, 'a list of tokens', describe(entries), 'fix it');
    for (const entry of Object.values(entries as object)) yield [`${CONFIG} ${list}`, entry];
  }
}

/** `"[PAD]"` or `{ "content": "[PAD]", … }`. */
function asToken(value: unknown, where: string): Token | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { content: readString(value, where, 1024) };
  const token = readObject(value, where);
  return { ...token, content: readString(token.content, where, 1024) };
}
