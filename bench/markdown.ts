/** A table with its first column to the left, the others to the right. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** A number with so many decimals; a dash where there is none. */
export const number = (x: number | undefined, digits = 0): string =>
  x === undefined ? '–' : x.toFixed(digits);

/** How many times as much; a dash where it is not known. */
export const times = (x: number | undefined): string => (x === undefined ? '–' : `${x.toFixed(2)}×`);

/** A share as percent; a dash where there is none. */
export const percent = (x: number | undefined): string =>
  x === undefined ? '–' : `${(100 * x).toFixed(1)} %`;

/** a / b where both are known. */
export const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a / b;
