import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createNormalizer } from './normalizer.js';
import { Tokenizer } from './tokenizer.js';

/** A file that scripts/golden/text-tokenizers.py wrote; ids are those of Python's `tokenizers`. */
interface Golden {
  header: { script: string; versions: Record<string, string>; seed: number };
  single: [text: string, ids: number[]][];
  pair: [query: string, passage: string, ids: number[], typeIds: number[]][];
  long: { unit: string; length: number; tokens: number; hash: number }[];
  normalized: { first: number; last: number; hash: number }[];
  tokenizer: { normalizer: unknown };
}

/** FNV-1a, 32 bits, over the numbers as little-endian u32. */
function fnv1a(numbers: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const n of numbers)
    for (let shift = 0; shift < 32; shift += 8)
      hash = Math.imul(hash ^ ((n >>> shift) & 255), 0x01000193) >>> 0;
  return hash;
}

function cycle(unit: string, length: number): string {
  const points = [...unit];
  return Array.from({ length }, (_, i) => points[i % points.length]).join('');
}

describe.each(['bert-base-chinese', 'bert-base-uncased', 'xlm-roberta-base'])(
  '%s against tokenizers',
  (name) => {
    const golden = JSON.parse(
      readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'),
    ) as Golden;
    const tokenizer = Tokenizer.fromFiles({ tokenizerJson: golden.tokenizer });

    it('gives the same ids for every hard string', () => {
      expect(golden.single.length).toBeGreaterThan(100);
      for (const [text, ids] of golden.single)
        expect(tokenizer.encode(text).input_ids, JSON.stringify(text)).toEqual(ids);
    });

    it('gives the same ids and type ids for pairs, empty texts included', () => {
      for (const [query, passage, ids, typeIds] of golden.pair) {
        const encoded = tokenizer.encodePair(query, passage);
        expect(encoded.input_ids, JSON.stringify([query, passage])).toEqual(ids);
        expect(encoded.token_type_ids).toEqual(typeIds);
        expect(encoded.truncated).toEqual({ query: 0, passage: 0 });
      }
    });

    it.each(golden.long)(
      'gives the same ids for $length characters of "$unit"',
      ({ unit, length, tokens, hash }) => {
        const ids = tokenizer.encode(cycle(unit, length)).input_ids;
        expect(ids).toHaveLength(tokens);
        expect(fnv1a(ids)).toBe(hash);
      },
    );

    it('normalizes every character of the stored blocks alike', () => {
      const normalizer = createNormalizer(golden.tokenizer.normalizer);
      for (const { first, last, hash } of golden.normalized) {
        let text = '';
        for (let point = first; point <= last; point += 1)
          text += normalizer(`a${String.fromCodePoint(point)}b`);
        expect(fnv1a([...text].map((char) => char.codePointAt(0)!)), `U+${first.toString(16)}`).toBe(hash);
      }
    });
  },
);
