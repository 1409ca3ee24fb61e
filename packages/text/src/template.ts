import { TokenizerError } from './errors.js';
import { describe, type JsonObject, readArray, readInteger, readObject, readString } from './read-field.js';

/** One step of a template: fixed special ids, or the place of the first (`A`) or second (`B`) text. */
export type TemplatePiece =
  | { readonly kind: 'special'; readonly ids: readonly number[]; readonly typeId: number }
  | { readonly kind: 'sequence'; readonly which: 'A' | 'B'; readonly typeId: number };

/** How special tokens surround one text and a pair of texts. */
export interface Templates {
  readonly single: readonly TemplatePiece[];
  readonly pair: readonly TemplatePiece[];
}

/** Parallel rows of one sequence, one number per token. */
export interface EncodedIds {
  input_ids: number[];
  token_type_ids: number[];
}

const MAX_ID = (1 << 24) - 1;
const A: TemplatePiece = { kind: 'sequence', which: 'A', typeId: 0 };

/**
 * The templates of a tokenizer.json `post_processor` (`null`: the bare texts). ByteLevel only moves offsets, so
 * it is the identity here. Throws TokenizerError for an unknown type or a template that loses a text.
 */
export function createTemplates(config: unknown, where = 'tokenizer.json post_processor'): Templates {
  if (config === null || config === undefined)
    return { single: [A], pair: [A, { kind: 'sequence', which: 'B', typeId: 1 }] };
  const entry = readObject(config, where);
  switch (entry.type) {
    case 'TemplateProcessing':
      return {
        single: readTemplate(entry.single, entry, `${where}.single`, ['A']),
        pair: readTemplate(entry.pair, entry, `${where}.pair`, ['A', 'B']),
      };
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const cls = readSpecial(entry.cls, `${where}.cls`);
      const sep = readSpecial(entry.sep, `${where}.sep`);
      const single = [special([cls], 0), A, special([sep], 0)];
      const pair =
        entry.type === 'BertProcessing'
          ? [...single, { kind: 'sequence', which: 'B', typeId: 1 } as const, special([sep], 1)]
          : [
              ...single,
              special([sep], 0),
              { kind: 'sequence', which: 'B', typeId: 0 } as const,
              special([sep], 0),
            ];
      return { single, pair };
    }
    case 'ByteLevel':
      return createTemplates(null);
    case 'Sequence': {
      const steps = readArray(entry.processors, `${where}.processors`, 16).map((step, i) =>
        readObject(step, `${where}.processors[${i}]`),
      );
      const adding = steps.filter((step) => step.type !== 'ByteLevel');
      if (adding.length > 1)
        throw new TokenizerError(`${where}.processors`, 'one template', String(adding.length), 'merge them');
      return createTemplates(adding[0], `${where}.processors`);
    }
    default:
      throw new TokenizerError(
        `${where}.type`,
        'TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or Sequence',
        describe(entry.type),
        'this tokenizer cannot be reproduced exactly here yet',
      );
  }
}

/** Number of special tokens that a template adds. */
export function specialCount(template: readonly TemplatePiece[]): number {
  return template.reduce((count, piece) => count + (piece.kind === 'special' ? piece.ids.length : 0), 0);
}

/** Puts the texts' ids into a template; without special tokens only the texts' type ids remain of it. */
export function applyTemplate(
  template: readonly TemplatePiece[],
  texts: { readonly A: readonly number[]; readonly B: readonly number[] },
  addSpecialTokens = true,
): EncodedIds {
  const input_ids: number[] = [];
  const token_type_ids: number[] = [];
  for (const piece of template) {
    if (piece.kind === 'special' && !addSpecialTokens) continue;
    for (const id of piece.kind === 'special' ? piece.ids : texts[piece.which]) {
      input_ids.push(id);
      token_type_ids.push(piece.typeId);
    }
  }
  return { input_ids, token_type_ids };
}

function special(ids: readonly number[], typeId: number): TemplatePiece {
  return { kind: 'special', ids, typeId };
}

/** `["[SEP]", 102]` → 102. */
function readSpecial(value: unknown, where: string): number {
  return readInteger(readArray(value, where, 2)[1], where, MAX_ID);
}

function readTemplate(
  value: unknown,
  entry: JsonObject,
  where: string,
  texts: readonly ('A' | 'B')[],
): TemplatePiece[] {
  const specials = readObject(entry.special_tokens ?? {}, `${where} special_tokens`);
  const template = readArray(value, where, 64).map((step, i): TemplatePiece => {
    const at = `${where}[${i}]`;
    const piece = readObject(step, at);
    const body = readObject(piece.Sequence ?? piece.SpecialToken, at);
    const name = readString(body.id, `${at}.id`);
    const typeId = readInteger(body.type_id, `${at}.type_id`, 255);
    if (piece.Sequence !== undefined) {
      if (name !== 'A' && name !== 'B')
        throw new TokenizerError(`${at}.id`, 'A or B', name, 'the file is damaged');
      return { kind: 'sequence', which: name, typeId };
    }
    const known = Object.hasOwn(specials, name) ? specials[name] : undefined;
    const ids = readArray(readObject(known, `${at} "${name}"`).ids, `${at} "${name}".ids`, 64);
    return special(
      ids.map((id) => readInteger(id, `${at} "${name}".ids`, MAX_ID)),
      typeId,
    );
  });
  const found = template.flatMap((piece) => (piece.kind === 'sequence' ? [piece.which] : []));
  if (found.length !== texts.length || !texts.every((text) => found.includes(text)))
    throw new TokenizerError(
      where,
      `the texts ${texts.join(', ')} once each`,
      found.join(', '),
      'the file is damaged',
    );
  return template;
}
