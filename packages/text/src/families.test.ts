import { describe, expect, it } from 'vitest';
import { familyNames, familyStrings, readFamily } from './testing/family-fixtures.js';
import { Tokenizer } from './tokenizer.js';

const { hard, strings, pairs } = familyStrings();

/** FNV-1a, 32 bits, over the numbers as little-endian u32. */
function fnv1a(numbers: Iterable<number>): string {
  let hash = 0x811c9dc5;
  for (const n of numbers)
    for (let shift = 0; shift < 32; shift += 8)
      hash = Math.imul(hash ^ ((n >>> shift) & 255), 0x01000193) >>> 0;
  return hash.toString(16);
}

it('has the families that FAMILIES.md lists', () => {
  expect(familyNames).toHaveLength(20);
  expect(familyNames).toEqual(
    expect.arrayContaining(['roberta', 'qwen2', 'llama-2', 'llama-3', 'modernbert', 'mpnet', 'deberta-v3']),
  );
});

describe.each(familyNames)('%s against tokenizers', (name) => {
  const family = readFamily(name);
  const tokenizer = Tokenizer.fromFiles({ tokenizerJson: family.tokenizer });

  it('gives the same ids for every hard string', () => {
    expect(family.hard).toHaveLength(hard);
    for (const [i, ids] of family.hard.entries())
      expect(tokenizer.encode(strings[i]!).input_ids.join(' '), JSON.stringify(strings[i])).toBe(ids);
  });

  it('gives the same ids for random strings', () => {
    const hashes = family.random.split(' ');
    expect(hashes).toHaveLength(strings.length - hard);
    for (const [i, hash] of hashes.entries()) {
      const text = strings[hard + i]!;
      expect(fnv1a(tokenizer.encode(text).input_ids), JSON.stringify(text)).toBe(hash);
    }
  });

  it('gives the same ids and type ids for pairs', () => {
    for (const [i, [ids, typeIds]] of family.pairs.entries()) {
      const encoded = tokenizer.encodePair(...pairs[i]!);
      expect(encoded.input_ids.join(' '), JSON.stringify(pairs[i])).toBe(ids);
      expect(encoded.token_type_ids.join('')).toBe(typeIds);
    }
  });

  it('reads a lone surrogate as U+FFFD', () => {
    expect(tokenizer.encode('a\ud800b\udc00').input_ids).toEqual(
      tokenizer.encode('a\ufffdb\ufffd').input_ids,
    );
  });

  it.runIf(process.env.RAG_LONG)(
    'gives the same ids as the native library for 20,000 random strings',
    async () => {
      const native = (await import('tokenizers')).default;
      const theirs = native.Tokenizer.fromString(JSON.stringify(family.tokenizer));
      const texts = randomTexts(20_000);
      for (let start = 0; start < texts.length; start += 1000) {
        const batch = texts.slice(start, start + 1000);
        const encodings = await theirs.encodeBatch(batch);
        for (const [i, text] of batch.entries())
          expect(tokenizer.encode(text).input_ids, JSON.stringify(text)).toEqual(encodings[i]!.getIds());
      }
    },
    600_000,
  );
});

/** Parts of the stored strings, cut and joined anew, with any code points between them. */
function randomTexts(count: number): string[] {
  let state = 20261121;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const anyPoint = () => {
    const point = below([0x250, 0x3000, 0x10000, 0x20000, 0x110000][below(5)]!);
    return String.fromCodePoint(point >= 0xd800 && point < 0xe000 ? 0x41 : point);
  };
  return Array.from({ length: count }, () => {
    let text = '';
    for (let part = 0; part <= below(5); part += 1) {
      const points = [...strings[below(strings.length)]!];
      const from = below(points.length + 1);
      text += points.slice(from, from + below(12)).join('') + (below(3) === 0 ? anyPoint() : '');
    }
    return text;
  });
}
