import { GraphError, parameter, sameShape, scope, type Value } from '@rag/onnx';

/** A place in a model's tree of parameters, walked by Hugging Face names: `at('encoder.layer.0').get('weight', [4, 4])`. */
export interface ParameterPath {
  /** The full name so far, '' at the root. */
  readonly path: string;
  at(name: string): ParameterPath;
  /** The float32 parameter of this name; asking again gives the same value, so tied weights are one parameter. */
  get(name: string, shape: readonly number[]): Value;
}

/** The root of a model's parameters. Each name is declared once, with one shape. */
export function parameterRoot(): ParameterPath {
  const declared = new Map<string, Value>();
  const pathAt = (path: string): ParameterPath => {
    const join = (name: string) => (path === '' ? name : `${path}.${name}`);
    return {
      path,
      at: (name) => pathAt(join(name)),
      get(name, shape) {
        const full = join(name);
        const known = declared.get(full);
        if (known && !sameShape(known.shape, shape))
          throw new GraphError(
            full,
            `expected one shape, got [${known.shape.join(', ')}] and [${shape.join(', ')}]`,
          );
        const value = known ?? parameter(full, shape);
        declared.set(full, value);
        return value;
      },
    };
  };
  return pathAt('');
}

/** Runs `build` at a parameter path, its nodes named after it. */
export function module<T>(root: ParameterPath, name: string, build: (path: ParameterPath) => T): T {
  return scope(name.replaceAll('.', '/'), () => build(root.at(name)));
}
