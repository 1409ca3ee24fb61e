import { formatPosition } from '@rag/data';
import type { Tokenizer } from '@rag/text';
import { type Occurrences, occurrences } from './finding.js';
import { type LengthSummary, lengthHistogram } from './length-histogram.js';
import type { SurveyRow } from './survey-row.js';

/** Tokens that texts may have: of a query and a passage together, or of each. */
export type TokenLimits = { readonly pair: number } | { readonly query: number; readonly passage: number };

/** What a tokenizer makes of a sample of the rows. */
export interface TokenSurvey {
  /** Rows that were tokenized, spread evenly over all. */
  readonly rows: number;
  /** Without special tokens. */
  readonly query: LengthSummary;
  readonly passage: LengthSummary;
  readonly texts: number;
  /** Queries, or passages alone, that are cut; with a limit of pairs those of `pairs`. */
  readonly cutQueries: Occurrences;
  readonly cutPassages: Occurrences;
  /** Pairs whose query leaves a passage less than `LEAST_ROOM` tokens that it has. */
  readonly noRoom: Occurrences;
  readonly tokens: number;
  /** Tokens that stand for what the vocabulary does not have. */
  readonly unknown: number;
  /** Tokens that are one byte of a character. */
  readonly bytes: number;
  /** UTF-16 units per token. */
  readonly charactersPerToken: number;
}

/** A passage that is cut below this many tokens says nothing. */
export const LEAST_ROOM = 8;

type Pieces = Pick<Tokenizer, 'encodePieces' | 'encode' | 'pairSpecialCount' | 'unkId' | 'tokenToId'>;

/** Tokenizes rows and counts; each query and passage once. */
export function tokenSurveyor(tokenizer: Pieces, limits: TokenLimits) {
  const single = tokenizer.encode('').input_ids.length;
  const bytes = byteIds(tokenizer);
  const lengths = { query: lengthHistogram(), passage: lengthHistogram() };
  const seen = { cutQueries: occurrences(), cutPassages: occurrences(), noRoom: occurrences() };
  const sum = { rows: 0, tokens: 0, unknown: 0, bytes: 0, characters: 0 };

  const countPieces = (text: string, side: 'query' | 'passage'): number => {
    const ids = tokenizer.encodePieces(text);
    lengths[side].add(ids.length);
    sum.tokens += ids.length;
    sum.characters += text.length;
    for (const id of ids) {
      if (id === tokenizer.unkId) sum.unknown++;
      else if (bytes.has(id)) sum.bytes++;
    }
    return ids.length;
  };

  return {
    add({ at, query, passages }: SurveyRow): void {
      const place = formatPosition(at);
      sum.rows++;
      // A row of a text alone is encoded as a passage is.
      const ofQuery = countPieces(query, passages.length === 0 ? 'passage' : 'query');
      const ofPassages = passages.map(({ text }) => countPieces(text, 'passage'));
      if ('pair' in limits) {
        const room = limits.pair - tokenizer.pairSpecialCount - ofQuery;
        if (room < 1) seen.cutQueries.add(place);
        for (const count of ofPassages) {
          if (count > room) seen.cutPassages.add(place);
          if (count > room && room < LEAST_ROOM) seen.noRoom.add(place);
        }
        return;
      }
      const [queryRoom, passageRoom] = [limits.query - single, limits.passage - single];
      if (passages.length === 0) {
        if (ofQuery > passageRoom) seen.cutPassages.add(place);
        return;
      }
      if (ofQuery > queryRoom) seen.cutQueries.add(place);
      for (const count of ofPassages) if (count > passageRoom) seen.cutPassages.add(place);
    },
    survey(): TokenSurvey {
      const [query, passage] = [lengths.query.summary(), lengths.passage.summary()];
      return {
        ...{ rows: sum.rows, query, passage, texts: query.count + passage.count },
        ...{ tokens: sum.tokens, unknown: sum.unknown, bytes: sum.bytes },
        cutQueries: seen.cutQueries.result(),
        cutPassages: seen.cutPassages.result(),
        noRoom: seen.noRoom.result(),
        charactersPerToken: sum.tokens === 0 ? 0 : sum.characters / sum.tokens,
      };
    },
  };
}

/** The ids of `<0x00>` … `<0xFF>`, which a vocabulary with byte fallback spells unknown characters by. */
function byteIds(tokenizer: Pick<Tokenizer, 'tokenToId'>): ReadonlySet<number> {
  const ids = new Set<number>();
  for (let byte = 0; byte < 256; byte++) {
    const id = tokenizer.tokenToId(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/**
 * Places of `count` rows, spread evenly over `rows`.
 * @param characters of a row, on average
 * @param budget characters that are to be tokenized
 */
export function sampledRows(rows: number, characters: number, budget: number): number[] {
  const count = Math.max(1, Math.min(rows, Math.floor(budget / Math.max(1, characters))));
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * rows) / count));
}
