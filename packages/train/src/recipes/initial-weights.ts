import {
  type EncoderConfig,
  initializeParameter,
  type ParameterElements,
  type ParameterSpec,
  type Weights,
} from '@rag/models';

/** A model's parameters, read one by one when they are needed: nothing of them is held. */
export interface StoredParameters extends Pick<Weights, 'read' | 'elements'> {
  readonly parameters: readonly ParameterSpec[];
}

/** What training starts from, by Hugging Face's names: read from where it lies, or in memory already. */
export type InitialWeights = StoredParameters | ReadonlyMap<string, Float32Array>;

const isHeld = (weights: InitialWeights): weights is ReadonlyMap<string, Float32Array> => 'size' in weights;

/** Fresh weights, made when they are asked for, by seed and name. */
export function freshWeights(
  parameters: readonly ParameterSpec[],
  config: EncoderConfig,
  seed: number,
): StoredParameters {
  const specs = new Map(parameters.map((spec) => [spec.name, spec]));
  return { parameters, read: async (name) => initializeParameter(specs.get(name)!, config, seed) };
}

/** Every parameter's name. */
export const weightNames = (weights: InitialWeights): string[] =>
  isHeld(weights) ? [...weights.keys()] : weights.parameters.map(({ name }) => name);

/** How many parameters there are, and how many numbers they are. */
export function countWeights(weights: InitialWeights): {
  readonly parameters: number;
  readonly elements: number;
} {
  const lengths = isHeld(weights)
    ? [...weights.values()].map(({ length }) => length)
    : weights.parameters.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  return { parameters: lengths.length, elements: lengths.reduce((sum, length) => sum + length, 0) };
}

/** One parameter's float32 elements. @throws TypeError for a name that is none of the model's */
export async function readWeight(weights: InitialWeights, name: string): Promise<Float32Array> {
  const values = isHeld(weights) ? weights.get(name) : await weights.read(name);
  if (values) return values;
  throw new TypeError(
    `${name}: expected a parameter of the model, got none — build the objective of its config`,
  );
}

/** The same, as a file has them: half-precision codes are not widened. */
export const readElements = async (weights: InitialWeights, name: string): Promise<ParameterElements> =>
  (!isHeld(weights) && (await weights.elements?.(name))) || readWeight(weights, name);

/** The same and what was made, by names of these parameters. */
export function withMade(
  weights: InitialWeights,
  made: ReadonlyMap<string, Float32Array>,
  parameters: readonly ParameterSpec[],
): InitialWeights {
  if (isHeld(weights)) return new Map([...weights, ...made]);
  const { read, elements } = weights;
  return {
    parameters,
    read: async (name) => made.get(name) ?? read(name),
    elements: async (name) => made.get(name) ?? (elements ?? read)(name),
  };
}
