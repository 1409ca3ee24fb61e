/** A running hash of lines, and how many there were. */
export interface LineTally {
  readonly lines: number;
  add(line: Uint8Array): void;
  /** Of all lines so far, in order: 16 hexadecimal digits. */
  digest(): string;
}

/**
 * Two lanes of FNV-1a, 32 bits each, the second with another multiplier; a line feed follows each line. It tells input
 * that was changed from the same input, and is no protection from somebody who wants them to look equal.
 */
export function lineTally(): LineTally {
  let [lines, first, second] = [0, 0x811c9dc5, 0x9e3779b9];
  return {
    get lines() {
      return lines;
    },
    add(line) {
      for (let i = 0; i < line.length; i++) {
        first = Math.imul(first ^ line[i]!, 0x01000193);
        second = Math.imul(second ^ line[i]!, 0x85ebca6b);
      }
      first = Math.imul(first ^ 0x0a, 0x01000193);
      second = Math.imul(second ^ 0x0a, 0x85ebca6b);
      // Spreads the high bits, which a multiplication alone never moves down.
      second ^= second >>> 15;
      lines++;
    },
    digest: () => [first, second].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join(''),
  };
}
