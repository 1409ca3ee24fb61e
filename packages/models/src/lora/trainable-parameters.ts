import { elementCount } from '../dtype.js';
import type { ParameterSpec } from '../match-parameters.js';
import { isLoraParameter } from './initialize-lora.js';
import { type LoraConfig, LoraError } from './lora-config.js';
import { namePattern } from './name-pattern.js';
import type { ParameterStorage } from './parameter-storage.js';
import { isSaved } from './target-modules.js';

/** Which parameters of a model are trained; without any of these, all are. */
export interface TrainableOptions {
  /** Its adapters, its modules_to_save and its biases are trained, nothing else. */
  readonly lora?: LoraConfig;
  /** Patterns of parameters that keep their values; see `namePattern`. */
  readonly freeze?: readonly string[];
  /** Patterns of parameters that are trained though `freeze` names them; without `freeze`, these alone are trained. */
  readonly trainable?: readonly string[];
}

/** The trained ones among a model's parameters, and how many numbers that is. */
export interface TrainableParameters {
  readonly names: ReadonlySet<string>;
  /** Elements that are trained, and those of all parameters. */
  readonly trained: number;
  readonly total: number;
}

/**
 * Decides which parameters are trained.
 * @param parameters of the training graph, LoRA's included, in their own shapes rather than those that they are stored in
 * @throws LoraError for a pattern that no parameter fits, for modules_to_save that are not there, and where nothing is left to train
 */
export function trainableParameters(
  parameters: readonly ParameterSpec[],
  { lora, freeze, trainable }: TrainableOptions,
): TrainableParameters {
  const names = parameters.map(({ name }) => name);
  const select = lora
    ? byLora(lora, names, [...(freeze ?? []), ...(trainable ?? [])])
    : byPatterns(names, freeze ?? (trainable ? ['*'] : []), trainable ?? []);
  const chosen = new Set(names.filter(select));
  const count = (specs: readonly ParameterSpec[]) =>
    specs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (chosen.size === 0)
    throw new LoraError('freeze', 'expected some parameters to train, got none of them', 'freeze less');
  return {
    names: chosen,
    trained: count(parameters.filter(({ name }) => chosen.has(name))),
    total: count(parameters),
  };
}

function byLora(
  config: LoraConfig,
  names: readonly string[],
  patterns: readonly string[],
): (name: string) => boolean {
  if (patterns.length > 0)
    throw new LoraError(
      'freeze',
      `expected no patterns beside LoRA, which freezes the model, got ${JSON.stringify(patterns[0])}`,
      'name what is trained whole in modules_to_save',
    );
  const adapted = new Set(
    names.filter(isLoraParameter).map((name) => name.replace(/\.lora_[AB]\.weight$/, '')),
  );
  const saved = (config.modules_to_save ?? []).filter(
    (module) => !names.some((name) => isSaved({ modules_to_save: [module] }, name)),
  );
  // PEFT writes both names of a head, of which a model has one.
  if (saved.length > 0 && saved.length === config.modules_to_save?.length)
    throw new LoraError(
      'modules_to_save',
      `expected modules of the model, got ${saved.map((name) => JSON.stringify(name)).join(', ')}`,
      'correct them',
    );
  const { bias = 'none' } = config;
  const isBias = (name: string) =>
    name.endsWith('.bias') &&
    (bias === 'all' || (bias === 'lora_only' && adapted.has(name.slice(0, -'.bias'.length))));
  return (name) => isLoraParameter(name) || isSaved(config, name) || isBias(name);
}

function byPatterns(
  names: readonly string[],
  freeze: readonly string[],
  trainable: readonly string[],
): (name: string) => boolean {
  const compiled = (patterns: readonly string[], field: string) =>
    patterns.map((pattern) => {
      const fits = namePattern(pattern, field);
      if (!names.some(fits))
        throw new LoraError(
          field,
          `expected a pattern of the model's parameters (${names.slice(0, 3).join(', ')}, …), got ${JSON.stringify(pattern)}, which fits none`,
          'correct it',
        );
      return fits;
    });
  const [frozen, given] = [compiled(freeze, 'freeze'), compiled(trainable, 'trainable')];
  return (name) => !frozen.some((fits) => fits(name)) || given.some((fits) => fits(name));
}

/** `trained 1,473 of 24,065 parameters (6.12 %)`. */
export const describeTrainable = ({
  trained,
  total,
}: Pick<TrainableParameters, 'trained' | 'total'>): string =>
  `trained ${trained.toLocaleString('en')} of ${total.toLocaleString('en')} parameters (${((100 * trained) / total).toFixed(trained / total < 0.001 ? 4 : 2)} %)`;

/**
 * How a training run stores its parameters, for `parameterRoot`: matrices that are not trained in `storage`, all else in float32. Biases and norms
 * stay as they are: they are small, and what narrow ones lose is not.
 */
export const frozenStorage =
  (storage: ParameterStorage, isTrained: (name: string) => boolean) =>
  (name: string, shape: readonly number[]): ParameterStorage =>
    shape.length === 2 && !isTrained(name) ? storage : 'float32';
