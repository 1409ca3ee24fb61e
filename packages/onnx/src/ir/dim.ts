import type { Dim, Shape } from './type.js';

/**
 * Arithmetic on sizes that may be symbolic. A symbolic size is a polynomial with integer coefficients, kept as a
 * canonical string (`3*batch*seq+1`), so that equal sizes are equal strings.
 */
type Polynomial = Map<string, number>;

/** Characters of a size: far beyond any model, so that a hostile file cannot square its way through memory. */
const LONGEST = 4096;

const parsed = new Map<string, Polynomial>();

function parse(dim: Dim): Polynomial {
  if (typeof dim === 'number') return new Map([['', dim]]);
  const known = parsed.get(dim);
  if (known) return known;
  const polynomial: Polynomial = new Map();
  for (const term of dim.replaceAll('-', '+-').split('+').filter(Boolean)) {
    const factors = term.replace(/^-/, '').split('*');
    const symbols = factors.filter((factor) => !/^\d+$/.test(factor)).sort();
    const coefficient = factors
      .filter((factor) => /^\d+$/.test(factor))
      .reduce((product, factor) => product * Number(factor), term.startsWith('-') ? -1 : 1);
    const key = symbols.join('*');
    polynomial.set(key, (polynomial.get(key) ?? 0) + coefficient);
  }
  parsed.set(dim, polynomial);
  return polynomial;
}

function format(polynomial: Polynomial): Dim {
  const terms = [...polynomial].filter(([, coefficient]) => coefficient !== 0);
  if (terms.length === 0) return 0;
  if (terms.length === 1 && terms[0]![0] === '') return terms[0]![1];
  terms.sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  return terms
    .map(([key, coefficient]) =>
      key === '' ? `${coefficient}` : coefficient === 1 ? key : `${coefficient}*${key}`,
    )
    .join('+')
    .replaceAll('+-', '-');
}

/** a + b. */
export function addDims(a: Dim, b: Dim): Dim {
  const sum: Polynomial = new Map(parse(a));
  for (const [key, coefficient] of parse(b)) sum.set(key, (sum.get(key) ?? 0) + coefficient);
  return format(sum);
}

/** a − b. */
export const subDims = (a: Dim, b: Dim): Dim => addDims(a, mulDims(b, -1));

/** a · b. */
export function mulDims(a: Dim, b: Dim): Dim {
  const product: Polynomial = new Map();
  if (`${a}`.length + `${b}`.length > LONGEST)
    throw new RangeError(`expected sizes of at most ${LONGEST} characters, got a product of longer ones`);
  for (const [ka, ca] of parse(a))
    for (const [kb, cb] of parse(b)) {
      const key = [...ka.split('*'), ...kb.split('*')].filter(Boolean).sort().join('*');
      product.set(key, (product.get(key) ?? 0) + ca * cb);
    }
  return format(product);
}

/** a / b where b is a single term that divides every term of a; undefined otherwise. */
export function divDims(a: Dim, b: Dim): Dim | undefined {
  const divisor = [...parse(b)];
  if (divisor.length !== 1 || divisor[0]![1] === 0) return undefined;
  const [symbols, coefficient] = divisor[0]!;
  const quotient: Polynomial = new Map();
  for (const [key, c] of parse(a)) {
    const rest = key.split('*').filter(Boolean);
    for (const symbol of symbols.split('*').filter(Boolean)) {
      const at = rest.indexOf(symbol);
      if (at < 0) return undefined;
      rest.splice(at, 1);
    }
    if (c % coefficient !== 0) return undefined;
    quotient.set(rest.join('*'), c / coefficient);
  }
  return format(quotient);
}

/** Number of elements of a shape. */
export const sizeOf = (shape: Shape): Dim => shape.reduce<Dim>(mulDims, 1);

/** Whether two shapes are known to be the same. */
export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

/** Whether every size of the shape is static. */
export const isStatic = (shape: Shape): shape is readonly number[] =>
  shape.every((dim) => typeof dim === 'number');

/** The size of a symbolic dim once its symbols have values; throws on a symbol without one. */
export function evaluateDim(dim: Dim, symbols: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim;
  let sum = 0;
  for (const [key, coefficient] of parse(dim)) {
    let product = coefficient;
    for (const symbol of key.split('*').filter(Boolean)) {
      const value = symbols[symbol];
      if (value === undefined)
        throw new RangeError(`dim "${dim}": expected a value for "${symbol}", got none`);
      product *= value;
    }
    sum += product;
  }
  return sum;
}
