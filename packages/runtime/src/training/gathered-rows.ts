import type { Collective } from '../collectives/collective.js';
import { SessionError } from '../error.js';
import { type Tensor, zeros } from '../tensor.js';
import { rowsOf } from './grad-cache.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Tensors [rows, …] of all ranks, one rank behind the other. */
export interface GatheredRows {
  readonly whole: Tensors;
  /** The first row of every rank, and the number of rows at the end; by name. */
  readonly bounds: ReadonlyMap<string, readonly number[]>;
}

/** Most axes of a tensor whose rows are gathered. */
const MOST_AXES = 8;

/**
 * Gathers the rows of tensors that ranks have in different numbers, or none; by all ranks, with the same names.
 * @throws SessionError for tensors that are not float32, or differ in more than their first axis
 */
export async function gatherRows(
  names: readonly string[],
  own: Tensors,
  collective: Collective,
): Promise<GatheredRows> {
  const { rank, size } = collective;
  const width = size + MOST_AXES;
  // Rows of every rank, then the number of axes and all sizes but the first, each plus 1.
  const sizes = new Float64Array(names.length * width);
  for (const [i, name] of names.entries()) {
    const tensor = own[name];
    if (!tensor) continue;
    if (tensor.dtype !== 'float32' || tensor.shape.length < 1 || tensor.shape.length > MOST_AXES)
      throw new SessionError(
        `boundary "${name}"`,
        `expected float32 [rows, …] to gather, got ${tensor.dtype} [${tensor.shape.join(', ')}] — cut at vectors`,
      );
    sizes[i * width + rank] = tensor.shape[0]!;
    sizes.set([tensor.shape.length, ...tensor.shape.slice(1).map((dim) => dim + 1)], i * width + size);
  }
  // Where a rank has no tensor, the others' sizes are the least.
  const least = sizes.map((value, place) =>
    own[names[Math.floor(place / width)]!] ? value : Number.POSITIVE_INFINITY,
  );
  await collective.allReduce(sizes, 'max');
  await collective.allReduce(least, 'min');
  const gathered = names.map((name, i) => {
    const counts = sizes.subarray(i * width, i * width + size);
    const shapeIn = (all: Float64Array) => {
      const [axes = 0, ...trailing] = all.subarray(i * width + size, (i + 1) * width);
      return trailing.slice(0, Math.max(0, axes - 1)).map((dim) => dim - 1);
    };
    const [shape, other] = [shapeIn(sizes), shapeIn(least)];
    if (counts.some((count) => count > 0) && shape.join() !== other.join())
      throw new SessionError(
        `boundary "${name}"`,
        `expected the rows of all ranks to be of one shape, got [rows, ${shape.join(', ')}] and [rows, ${other.join(', ')}] — ranks may differ in rows alone`,
      );
    const bounds = [0];
    for (const count of counts) bounds.push(bounds.at(-1)! + count);
    const whole = zeros('float32', [bounds.at(-1)!, ...shape]);
    const row = shape.reduce((product, dim) => product * dim, 1);
    if (own[name]) (whole.data as Float32Array).set(own[name].data as Float32Array, bounds[rank]! * row);
    return { name, whole, bounds, row };
  });
  await Promise.all(
    gathered.map(({ whole, bounds, row }) =>
      collective.allGather(
        whole.data as Float32Array,
        bounds.map((bound) => bound * row),
      ),
    ),
  );
  return {
    whole: Object.fromEntries(gathered.map(({ name, whole }) => [name, whole])),
    bounds: new Map(gathered.map(({ name, bounds }) => [name, bounds])),
  };
}

/**
 * The sums over ranks of gradients of gathered tensors, this rank's rows of each. A rank that computed none, `undefined`, adds none;
 * what no rank has a gradient of is left out. By all ranks.
 */
export async function scatterRows(
  { whole, bounds }: GatheredRows,
  gradientOf: (name: string) => Tensor | undefined,
  collective: Collective,
): Promise<Record<string, Tensor>> {
  const names = Object.keys(whole);
  const has = Float64Array.from(names, (name) => (gradientOf(name) ? 1 : 0));
  await collective.allReduce(has, 'max');
  const summed = names
    .filter((_, i) => has[i] === 1)
    .map((name) => ({ name, gradient: gradientOf(name) ?? zeros('float32', whole[name]!.shape) }));
  await Promise.all(
    summed.map(({ name, gradient: { shape, data } }) => {
      const row = shape.slice(1).reduce((product, dim) => product * dim, 1);
      return collective.reduceScatter(
        data as Float32Array,
        bounds.get(name)!.map((bound) => bound * row),
      );
    }),
  );
  const { rank } = collective;
  return Object.fromEntries(
    summed.map(({ name, gradient }) => {
      const [from, to] = [bounds.get(name)![rank]!, bounds.get(name)![rank + 1]!];
      return [name, rowsOf(gradient, from, to)];
    }),
  );
}
