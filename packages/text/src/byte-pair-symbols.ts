/** What a vocabulary has no id for. */
export const ABSENT = -1;

/** Symbols whose memory is kept for the next word. */
const KEPT = 1 << 14;

/** The symbols of one word after the other: what merging starts from. */
export class Symbols {
  /** The first `count` are those of the word. */
  ids = new Int32Array(KEPT);
  count = 0;
  #pending = false;

  /**
   * @param unkId gives the id of unknown symbols, or undefined to drop them; called when it is needed
   * @param fuses whether unknown symbols side by side are one
   */
  constructor(
    readonly unkId: () => number | undefined,
    readonly fuses: boolean,
  ) {}

  /** Begins a word of at most `most` symbols. */
  begin(most: number): void {
    if (this.ids.length < most || this.ids.length > KEPT) this.ids = new Int32Array(Math.max(most, KEPT));
    this.count = 0;
  }

  /** Adds a symbol; an unknown one waits until the next that is not, or the end, as in `tokenizers`. */
  add(id: number): void {
    if (id === ABSENT) {
      if (this.#pending && !this.fuses) this.#addUnknown();
      this.#pending = true;
      return;
    }
    if (this.#pending) this.#addUnknown();
    this.ids[this.count++] = id;
  }

  /** Adds the byte of a character that is not in the vocabulary; it goes before an unknown symbol that waits. */
  addByte(id: number): void {
    this.ids[this.count++] = id;
  }

  end(): void {
    if (this.#pending) this.#addUnknown();
  }

  #addUnknown(): void {
    this.#pending = false;
    const id = this.unkId();
    if (id !== undefined) this.ids[this.count++] = id;
  }
}

/** Puts the symbols of a word in place, `begin` and `end` included. */
export type Spell = (symbols: Symbols, word: string) => void;

/** One symbol for each byte of a word's UTF-8 form; `idOfByte` has 256 ids. */
export function spellBytes(idOfByte: Int32Array): Spell {
  return (symbols, word) => {
    symbols.begin(word.length * 3);
    for (let i = 0; i < word.length; i += 1) {
      const unit = word.charCodeAt(i);
      if (unit < 0x80) {
        symbols.add(idOfByte[unit]!);
        continue;
      }
      const point = word.codePointAt(i)!;
      if (point < 0x800) symbols.add(idOfByte[0xc0 | (point >> 6)]!);
      else {
        if (point > 0xffff) {
          symbols.add(idOfByte[0xf0 | (point >> 18)]!);
          symbols.add(idOfByte[0x80 | ((point >> 12) & 0x3f)]!);
          i += 1;
        } else symbols.add(idOfByte[0xe0 | (point >> 12)]!);
        symbols.add(idOfByte[0x80 | ((point >> 6) & 0x3f)]!);
      }
      symbols.add(idOfByte[0x80 | (point & 0x3f)]!);
    }
    symbols.end();
  };
}

/** Id of a character's piece; not yet looked up. */
const UNREAD = -2;

/**
 * One symbol for each character, with `prefix` where it does not begin the word and `suffix` where it ends it; one that is not
 * in the vocabulary becomes its UTF-8 bytes where all of them are in `fallback` (256 ids; none: no byte fallback).
 */
export function spellCharacters(
  ids: ReadonlyMap<string, number>,
  { prefix, suffix, fallback }: { prefix: string; suffix: string; fallback: Int32Array },
): Spell {
  const encoder = new TextEncoder();
  const width = 3 * (1 + prefix.length);
  // Ids of the characters below U+10000 by what stands around them: nothing, prefix, suffix, both.
  const known = Array.from({ length: 4 }, () => new Int32Array(0));
  const spelling = (point: number, place: number): string =>
    (place & 1 ? prefix : '') + String.fromCodePoint(point) + (place & 2 ? suffix : '');
  const idOf = (point: number, place: number): number => {
    if (point > 0xffff) return ids.get(spelling(point, place)) ?? ABSENT;
    if (known[place]!.length === 0) known[place] = new Int32Array(0x10000).fill(UNREAD);
    const table = known[place]!;
    if (table[point] === UNREAD) table[point] = ids.get(spelling(point, place)) ?? ABSENT;
    return table[point]!;
  };
  return (symbols, word) => {
    symbols.begin(word.length * width + 3 * suffix.length);
    for (let i = 0, next = 0; i < word.length; i = next) {
      const point = word.codePointAt(i)!;
      next = i + (point > 0xffff ? 2 : 1);
      const isMarked = (i > 0 && prefix !== '' ? 1 : 0) | (next === word.length && suffix !== '' ? 2 : 0);
      const id = idOf(point, isMarked);
      if (id === ABSENT && fallback.length > 0) {
        const bytes = encoder.encode(spelling(point, isMarked));
        if (bytes.every((byte) => fallback[byte] !== ABSENT)) {
          for (const byte of bytes) symbols.addByte(fallback[byte]!);
          continue;
        }
      }
      symbols.add(id);
    }
    symbols.end();
  };
}
