import { type TextKey, textKey } from './normalized-text.js';

/** Numbers by texts, equal after normalization; the texts themselves are not kept. */
export interface TextTable {
  readonly size: number;
  /** undefined for a text that was not added. */
  find(text: string): number | undefined;
  /** Keeps `value`, a whole number below 2³² − 1, for a text, unless it has one. @returns the one that it has then */
  add(text: string, value: number): number;
}

/** An empty place. */
const none = 0xffff_ffff;

/** Open addressing over three arrays of 32-bit words: 16 to 48 bytes a text. */
export function textTable(): TextTable {
  let capacity = 1024;
  let [highs, lows, values] = words(capacity);
  let size = 0;

  /** Where a key is, or the empty place where it belongs. */
  const placeOf = ([high, low]: TextKey): number => {
    let place = low & (capacity - 1);
    while (values[place] !== none && !(highs[place] === high && lows[place] === low))
      place = (place + 1) & (capacity - 1);
    return place;
  };
  const put = (place: number, [high, low]: TextKey, value: number): void => {
    highs[place] = high;
    lows[place] = low;
    values[place] = value;
  };
  const grow = (): void => {
    const [oldHighs, oldLows, oldValues] = [highs, lows, values];
    capacity *= 2;
    [highs, lows, values] = words(capacity);
    for (const [i, value] of oldValues.entries()) {
      if (value === none) continue;
      const key = [oldHighs[i]!, oldLows[i]!] as const;
      put(placeOf(key), key, value);
    }
  };
  return {
    get size() {
      return size;
    },
    find(text) {
      const value = values[placeOf(textKey(text))]!;
      return value === none ? undefined : value;
    },
    add(text, value) {
      const key = textKey(text);
      const place = placeOf(key);
      if (values[place] !== none) return values[place]!;
      if (!Number.isInteger(value) || value < 0 || value >= none)
        throw new RangeError(`text table: expected a whole number from 0 to ${none - 1}, got ${value}`);
      put(place, key, value);
      if (++size * 4 > capacity * 3) grow();
      return value;
    },
  };
}

const words = (capacity: number) =>
  [
    new Uint32Array(capacity),
    new Uint32Array(capacity),
    new Uint32Array(capacity).fill(none),
  ] as const satisfies readonly Uint32Array[];
