import { halvesOf } from './cut-vocabulary-model.js';
import { parseObject } from './parse-object.js';
import { type JsonObject, readInteger, readObject } from './read-field.js';

/** The texts of the files that state pieces or ids, by their names. */
export type VocabularyFiles = {
  readonly [Name in
    | 'tokenizer.json'
    | 'tokenizer_config.json'
    | 'special_tokens_map.json'
    | 'added_tokens.json'
    | 'vocab.txt'
    | 'vocab.json'
    | 'merges.txt']?: string;
};

/** What becomes of an id. */
type Renumber = (id: number, where: string) => number;

/**
 * The files with other ids, those of pieces that are gone left out; a name that is not there stays so.
 * @param model the cut `model` of tokenizer.json
 */
export function renumberFiles(
  files: VocabularyFiles,
  model: JsonObject,
  newIds: ReadonlyMap<number, number>,
): VocabularyFiles {
  const renumber: Renumber = (id) => newIds.get(id)!;
  const made: Record<string, string> = {};
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue;
    if (name === 'vocab.txt') {
      const lines = text.split('\n');
      if (lines.at(-1) === '') lines.pop();
      const ids = [...newIds.keys()].filter((id) => id < lines.length);
      made[name] = `${ids.map((id) => lines[id]!.trimEnd()).join('\n')}\n`;
    } else if (name === 'merges.txt') made[name] = mergesText(text, model);
    // A chat template has no ids.
    else if (!name.endsWith('.json')) made[name] = text;
    else {
      const json = parseObject(text, name);
      const edited =
        name === 'tokenizer.json'
          ? { ...editTokenizer(json, renumber), model }
          : name === 'vocab.json'
            ? Object.fromEntries(
                Object.entries(json).flatMap(([piece, id]) =>
                  newIds.has(id as number) ? [[piece, newIds.get(id as number)]] : [],
                ),
              )
            : name === 'special_tokens_map.json'
              ? json
              : editIds(name, json, renumber);
      made[name] = JSON.stringify(edited, null, /^\{\s*\n/.test(text) ? 2 : undefined);
    }
  }
  return made;
}

/** Every id that the files state outside the model's vocabulary: none of them may go. */
export function statedIds(files: VocabularyFiles): number[] {
  const ids: number[] = [];
  const note: Renumber = (id) => {
    ids.push(id);
    return id;
  };
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'added_tokens.json'] as const) {
    const text = files[name];
    if (text === undefined) continue;
    const json = parseObject(text, name);
    if (name === 'tokenizer.json') editTokenizer(json, note);
    else editIds(name, json, note);
  }
  return ids;
}

/** A file's object; undefined where there is no such file. @throws SyntaxError, TokenizerError */
export function parseFile(
  files: VocabularyFiles,
  name: keyof VocabularyFiles & `${string}.json`,
): JsonObject | undefined {
  const text = files[name];
  return text === undefined ? undefined : parseObject(text, name);
}

const MAX_ID = (1 << 24) - 1;
const idAt = (value: unknown, where: string, renumber: Renumber): number =>
  renumber(readInteger(value, where, MAX_ID), where);

function editTokenizer(json: JsonObject, renumber: Renumber): JsonObject {
  const { added_tokens, padding, post_processor } = json;
  return {
    ...json,
    ...(Array.isArray(added_tokens) && {
      added_tokens: added_tokens.map((token: unknown, i) => {
        const where = `tokenizer.json added_tokens[${i}]`;
        const entry = readObject(token, where);
        return { ...entry, id: idAt(entry.id, `${where}.id`, renumber) };
      }),
    }),
    ...(isObject(padding) && {
      padding: { ...padding, pad_id: idAt(padding.pad_id, 'tokenizer.json padding.pad_id', renumber) },
    }),
    ...(isObject(post_processor) && { post_processor: editProcessor(post_processor, renumber) }),
  };
}

function editProcessor(processor: JsonObject, renumber: Renumber): JsonObject {
  const where = 'tokenizer.json post_processor';
  const { special_tokens, processors } = processor;
  const pair = (name: 'sep' | 'cls') =>
    Array.isArray(processor[name]) && {
      [name]: [processor[name][0], idAt(processor[name][1], `${where}.${name}`, renumber)],
    };
  return {
    ...processor,
    ...pair('sep'),
    ...pair('cls'),
    ...(isObject(special_tokens) && {
      special_tokens: Object.fromEntries(
        Object.entries(special_tokens).map(([name, value]) => {
          const entry = readObject(value, `${where}.special_tokens`);
          const ids = Array.isArray(entry.ids) ? entry.ids : [];
          return [
            name,
            { ...entry, ids: ids.map((id) => idAt(id, `${where} ${JSON.stringify(name)}.ids`, renumber)) },
          ];
        }),
      ),
    }),
    ...(Array.isArray(processors) && {
      processors: processors.map((step) => editProcessor(readObject(step, where), renumber)),
    }),
  };
}

/** `added_tokens_decoder` of tokenizer_config.json, whose keys are ids; added_tokens.json, whose values are. */
function editIds(name: string, json: JsonObject, renumber: Renumber): JsonObject {
  if (name === 'added_tokens.json')
    return Object.fromEntries(
      Object.entries(json).map(([token, id]) => [
        token,
        idAt(id, `${name} ${JSON.stringify(token)}`, renumber),
      ]),
    );
  const decoder = json.added_tokens_decoder;
  if (!isObject(decoder)) return json;
  return {
    ...json,
    added_tokens_decoder: Object.fromEntries(
      Object.entries(decoder).map(([id, token]) => [
        idAt(Number(id), `${name} added_tokens_decoder`, renumber),
        token,
      ]),
    ),
  };
}

/** The lines of the merges that the model keeps, and the line of the version. */
function mergesText(text: string, model: JsonObject): string {
  const kept = new Set(
    ((model.merges ?? []) as readonly unknown[]).map((merge) => halvesOf(merge).join(' ')),
  );
  const lines = text.split('\n').map((line) => line.trimEnd());
  return `${lines.filter((line, i) => (i === 0 && line.startsWith('#version')) || kept.has(line)).join('\n')}\n`;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
