import { type LoraConfig, LoraError, modulePattern, namePattern } from '@rag/models';
import { adapterOptions } from './adapter-options.js';
import { ConfigError } from './config-error.js';
import { type ConfigOf, camelCase } from './option.js';

/** Settings that an adapter which is continued has of its own. */
const OF_CONTINUED = [
  'lora_rank',
  'lora_alpha',
  'use_rslora',
  'target_modules',
  'exclude_modules',
  'modules_to_save',
] as const;

/** The settings of adapters and frozen weights, every default filled in. */
export type AdapterSettings = ConfigOf<typeof adapterOptions>;

/** Settings that mean nothing without `use_lora`. */
const OF_LORA = [
  'lora_rank',
  'lora_alpha',
  'lora_dropout',
  'use_rslora',
  'target_modules',
  'exclude_modules',
  'modules_to_save',
  'save_merged_lora_model',
  'from_peft',
  'raw_peft',
] as const;

/**
 * Checks together which weights are trained and how the others are stored.
 * @param sources where each given key was given
 * @param isFrozen whether a setting of the task leaves weights untrained too
 * @throws ConfigError
 */
export function checkAdapter(
  config: AdapterSettings,
  sources: ReadonlyMap<string, string>,
  isFrozen = false,
): void {
  const fail = (key: string, problem: string): never => {
    throw new ConfigError(sources.get(key) ?? key, key, problem);
  };
  // What a run stored states every default too, and a preset is only where one starts from.
  const isAsked = (key: (typeof OF_LORA)[number]) =>
    sources.get(key)?.startsWith('preset ') === false &&
    JSON.stringify(config[camelCase(key) as keyof AdapterSettings]) !==
      JSON.stringify(adapterOptions[key].default);
  const lone = config.useLora ? undefined : OF_LORA.find(isAsked);
  if (lone !== undefined)
    fail(lone, 'expected use_lora true with it, got false — set use_lora, or leave it out');
  const own = config.fromPeft === undefined ? undefined : OF_CONTINUED.find(isAsked);
  if (own !== undefined)
    fail(own, 'expected it left out beside from_peft, whose adapter has its own, got both — leave out one');
  const pattern = (['freeze', 'trainable'] as const).find((key) => config[key] !== undefined);
  if (config.useLora && pattern !== undefined)
    fail(
      pattern,
      'expected no patterns beside use_lora, which freezes the model — name what is trained whole in modules_to_save',
    );
  if (config.loraDropout === 1)
    fail('lora_dropout', 'expected a number below 1, got 1 — nothing would be left');
  if (config.frozenDtype !== 'fp32' && !config.useLora && pattern === undefined && !isFrozen)
    fail(
      'frozen_dtype',
      `expected weights that are not trained, got ${config.frozenDtype} with all of them trained — set use_lora, freeze or trainable`,
    );
  try {
    for (const key of ['freeze', 'trainable'] as const)
      for (const one of config[key] ?? []) namePattern(one, key);
    for (const key of ['target_modules', 'exclude_modules'] as const) {
      const given = namesOrPattern(key === 'target_modules' ? config.targetModules : config.excludeModules);
      if (typeof given === 'string') modulePattern(given, given, key);
    }
  } catch (error) {
    if (!(error instanceof LoraError)) throw error;
    fail(error.field, error.message.slice(error.field.length + 2));
  }
}

/** The adapters that the settings ask for; undefined where they ask for none. @param head the modules that a task trains whole by default */
export function loraConfigOf(config: AdapterSettings, head: readonly string[]): LoraConfig | undefined {
  if (!config.useLora) return undefined;
  return {
    r: config.loraRank!,
    lora_alpha: config.loraAlpha!,
    lora_dropout: config.loraDropout!,
    use_rslora: config.useRslora!,
    target_modules: namesOrPattern(config.targetModules) ?? 'all-linear',
    exclude_modules: namesOrPattern(config.excludeModules) ?? null,
    modules_to_save: config.modulesToSave ?? (head.length > 0 ? head : null),
  };
}

/** A single text is all-linear or, with characters that names do not have, a regular expression; else a list of names. */
function namesOrPattern(given: readonly string[] | undefined): readonly string[] | string | undefined {
  const [first] = given ?? [];
  const isPattern =
    first !== undefined && given!.length === 1 && /^all-linear$|[*+?()[\]{}|\\^$]/i.test(first);
  return isPattern ? first : given;
}
