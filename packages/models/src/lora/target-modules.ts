import { type LoraConfig, LoraError, modulePattern } from './lora-config.js';

/** Names that a classification or language-model head goes by, which `all-linear` leaves out. */
const OUTPUT_HEADS = new Set(['score', 'classifier', 'lm_head']);

const fits = (list: readonly string[], module: string): boolean =>
  list.some((name) => module === name || module.endsWith(`.${name}`));

/** True for a module, or a parameter, that lies in one of `modules_to_save`. */
export const isSaved = ({ modules_to_save }: Pick<LoraConfig, 'modules_to_save'>, name: string): boolean =>
  (modules_to_save ?? []).some((module) => `.${name}.`.includes(`.${module}.`));

/**
 * Whether the linear layer `module` gets an adapter, by the rules of PEFT's `check_target_module_exists`: never where it is excluded or
 * saved whole; else where `target_modules` names it.
 * @throws LoraError for patterns that are no regular expressions
 */
export function isTarget(config: LoraConfig, module: string): boolean {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform } = config;
  if (typeof excluded === 'string' && modulePattern(excluded, excluded, 'exclude_modules').test(module))
    return false;
  if (Array.isArray(excluded) && fits(excluded, module)) return false;
  if (isSaved(config, module)) return false;
  if (typeof targets === 'string')
    return targets.toLowerCase() === 'all-linear'
      ? !OUTPUT_HEADS.has(module)
      : modulePattern(targets, targets, 'target_modules').test(module);
  if (!fits(targets, module)) return false;
  const layers =
    typeof layers_to_transform === 'number' ? [layers_to_transform] : (layers_to_transform ?? []);
  return layers.length === 0 || layers.includes(layerOf(module, config.layers_pattern));
}

/** The number of the layer that a module lies in: the first behind one of the patterns, or behind any name; −1 where there is none. */
function layerOf(module: string, layers_pattern: LoraConfig['layers_pattern']): number {
  const patterns = typeof layers_pattern === 'string' ? [layers_pattern] : (layers_pattern ?? []);
  const parts = module.split('.');
  // Without patterns PEFT wants a name before the layers' own: `encoder.layer.3`, but not `layer.3`.
  const first = patterns.length === 0 ? 2 : 1;
  for (let at = first; at < parts.length - 1; at++)
    if (/^\d+$/.test(parts[at]!) && (patterns.length === 0 || patterns.includes(parts[at - 1]!)))
      return Number(parts[at]);
  return -1;
}

/**
 * Refuses targets that no linear layer of the model is.
 * @param modules the linear layers of the model's graph
 * @throws LoraError
 */
export function checkTargets(config: LoraConfig, modules: readonly string[]): void {
  const { target_modules: targets } = config;
  const unknown =
    typeof targets === 'string'
      ? modules.some((module) => isTarget(config, module))
        ? []
        : [targets]
      : targets.filter((target) => !modules.some((module) => fits([target], module)));
  if (unknown.length === 0 && modules.some((module) => isTarget(config, module))) return;
  const known = [...new Set(modules.map((module) => module.replace(/^.*\.\d+\./, '')))];
  throw new LoraError(
    'target_modules',
    `expected linear layers of the model (${known.slice(0, 12).join(', ')}), got ${unknown.length > 0 ? unknown.map((name) => JSON.stringify(name)).join(', ') : 'none that is left after exclude_modules, modules_to_save and layers_to_transform'}`,
    'name some of them, or "all-linear"',
  );
}
