import { type EncoderConfig, longestSequence, OptionError } from '@rag/models';
import { type EncodedIds, type Tokenizer, truncatePair } from '@rag/text';
import { longestQuery, type PairEncoder, type TextCuts } from './pair-encoder.js';
import { fill, type PairTemplate } from './pair-template.js';

/** A sequence before its cut: what stays whole, and what may lose its end. */
interface Parts {
  readonly head: readonly number[];
  readonly query: readonly number[];
  readonly between: readonly number[];
  readonly passage: readonly number[];
}

/**
 * Pairs as one text for a decoder: the tokens that the tokenizer puts before a text, then the template's parts. `maxLength` counts
 * all of them, and `truncatePair` says what is cut: the passage, or a query that leaves it nothing. (RAG-Retrieval lets the passage's room
 * become negative; FlagEmbedding's lengths do not count the prompt.)
 * @param padId tokens of it at the template's end are left out: what reads the last token that is no padding reads the one before
 * @throws OptionError for a maxLength beyond the model's positions, or without room for two tokens of text
 */
export function decoderEncoder(
  tokenizer: Tokenizer,
  config: EncoderConfig,
  template: PairTemplate,
  maxLength: number,
  padId?: number,
  cuts?: TextCuts,
): PairEncoder {
  const begin = beginOf(tokenizer);
  const ids = (text: string): number[] => (text === '' ? [] : tokenizer.encodePieces(text));
  const before = [...begin, ...ids(template.before)];
  const between = template.joint ? [] : ids(template.seq);
  const end = ids(template.special_token);
  const after = end.slice(0, end.findLastIndex((id) => id !== padId) + 1);
  const longest = longestSequence(config);
  const least = before.length + between.length + after.length + 2;
  if (!Number.isInteger(maxLength) || maxLength > longest || maxLength < least)
    throw new OptionError(
      'maxLength',
      `expected an integer from ${least} (the template and two tokens of text) to ${longest} (the model's positions), got ${maxLength}`,
      'leave it out, or choose one of these',
    );
  const room = maxLength - before.length - between.length - after.length;

  const partsOf = (query: string, passage: string): Parts => {
    const [asked, given] = [
      fill(template.query_format, query.trim()),
      fill(template.document_format, passage.trim()),
    ];
    if (!template.joint) return { head: before, query: ids(asked), between, passage: ids(given) };
    // One text to the tokenizer: its pieces may span the seams, so the query's share is what comes out equal with and without the passage.
    const whole = ids(asked + template.seq + given);
    const start = commonStart(whole, ids(asked + template.seq + fill(template.document_format, '')));
    return { head: before, query: whole.slice(0, start), between, passage: whole.slice(start) };
  };
  const sequence = ({ head, query, between, passage }: Parts): EncodedIds => {
    const input_ids = [...head, ...query, ...between, ...passage, ...after];
    return { input_ids, token_type_ids: new Array<number>(input_ids.length).fill(0) };
  };
  const fits = ({ query, passage }: Parts): boolean => query.length + passage.length <= room;

  return {
    maxLength,
    padId: config.pad_token_id ?? 0,
    encode(query, passage) {
      const whole = partsOf(query, passage);
      const parts = cuts
        ? { ...whole, query: whole.query.slice(0, cuts.query), passage: whole.passage.slice(0, cuts.passage) }
        : whole;
      const keep = truncatePair(parts.query.length, parts.passage.length, room);
      return sequence({
        ...parts,
        query: parts.query.slice(0, keep.query),
        passage: parts.passage.slice(0, keep.passage),
      });
    },
    fits: (query, passage) => fits(partsOf(query, passage)),
    encodeSlices(query, passage, overlap) {
      if (!Number.isInteger(overlap) || overlap < 0)
        throw new RangeError(`overlap: expected a whole number of tokens ≥ 0, got ${overlap}`);
      const parts = partsOf(query, passage);
      const keep = truncatePair(parts.query.length, parts.passage.length, room);
      if (keep.passage === parts.passage.length)
        return [sequence({ ...parts, query: parts.query.slice(0, keep.query) })];
      const first = parts.query.slice(0, longestQuery(room));
      const width = room - first.length;
      const step = width - Math.min(overlap, Math.floor(width / 2));
      const slices: EncodedIds[] = [];
      for (let start = 0; ; start += step) {
        slices.push(sequence({ ...parts, query: first, passage: parts.passage.slice(start, start + width) }));
        if (start + width >= parts.passage.length) return slices;
      }
    },
  };
}

/** The special tokens that the tokenizer puts before one text: a BOS for Llama and Gemma, none for Qwen. */
function beginOf({ templates }: Tokenizer): number[] {
  const text = templates.single.findIndex(({ kind }) => kind === 'sequence');
  return templates.single.slice(0, text).flatMap((piece) => (piece.kind === 'special' ? [...piece.ids] : []));
}

/** How many elements two lists begin with in common. */
function commonStart(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
