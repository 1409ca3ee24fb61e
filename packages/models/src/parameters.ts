import { GraphError, gather, parameter, sameShape, scope, type Value } from '@rag/onnx';
import { type ParameterStorage, storedParameter } from './lora/parameter-storage.js';

/** A place in a model's tree of parameters, walked by Hugging Face names: `at('encoder.layer.0').get('weight', [4, 4])`. */
export interface ParameterPath {
  /** The full name so far, '' at the root. */
  readonly path: string;
  at(name: string): ParameterPath;
  /** The float32 parameter of this name; asking again gives the same value, so tied weights are one parameter. */
  get(name: string, shape: readonly number[]): Value;
  /** Rows of the parameter [count, width] at int64 `ids`: [...ids, width], float32; where it is stored narrow, only these are widened. */
  rows(name: string, shape: readonly [count: number, width: number], ids: Value): Value;
  /** y of the linear layer at this path plus what its adapter adds for its input x; y itself where it has none. */
  adapted(x: Value, y: Value): Value;
}

/** What stands beside the linear layers of a model, by their modules' names; `loraLayers` makes one. */
export interface LinearAdapter {
  /**
   * y [rows, out] of the linear layer `name` with what the adapter adds for its input x [rows, in].
   * @param root where the adapter's own parameters are asked for
   */
  adapt(name: string, x: Value, y: Value, root: ParameterPath): Value;
}

export interface ParameterOptions {
  /** How each parameter is stored: default, and where it says so, float32. Narrow ones are constants to differentiation. */
  readonly storage?: (name: string, shape: readonly number[]) => ParameterStorage;
  readonly lora?: LinearAdapter;
}

/** The root of a model's parameters. Each name is declared once, with one shape. */
export function parameterRoot({ storage, lora }: ParameterOptions = {}): ParameterPath {
  const declared = new Map<string, { readonly shape: readonly number[]; readonly stored: Stored }>();
  const declare = (full: string, shape: readonly number[]): Stored => {
    const known = declared.get(full);
    if (known && !sameShape(known.shape, shape))
      throw new GraphError(
        full,
        `expected one shape, got [${known.shape.join(', ')}] and [${shape.join(', ')}]`,
      );
    if (known) return known.stored;
    const stored = storeOf(full, shape, storage?.(full, shape) ?? 'float32');
    declared.set(full, { shape, stored });
    return stored;
  };
  const pathAt = (path: string): ParameterPath => {
    const join = (name: string) => (path === '' ? name : `${path}.${name}`);
    return {
      path,
      at: (name) => pathAt(join(name)),
      get: (name, shape) => declare(join(name), shape).value(),
      rows: (name, shape, ids) => declare(join(name), shape).rows(ids),
      adapted: (x, y) => lora?.adapt(path, x, y, root) ?? y,
    };
  };
  const root = pathAt('');
  return root;
}

interface Stored {
  value(): Value;
  rows(ids: Value): Value;
}

function storeOf(name: string, shape: readonly number[], storage: ParameterStorage): Stored {
  if (storage !== 'float32') return storedParameter(name, shape, storage);
  const value = parameter(name, shape);
  return { value: () => value, rows: (ids) => gather(value, ids) };
}

/** Runs `build` at a parameter path, its nodes named after it. */
export function module<T>(root: ParameterPath, name: string, build: (path: ParameterPath) => T): T {
  return scope(name.replaceAll('.', '/'), () => build(root.at(name)));
}
