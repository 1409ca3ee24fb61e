import { configFile, count, flag, type Kind, listOf, oneOf, orNull, probability } from '../config-file.js';
import { describeJson, isJsonObject } from '../file-source.js';
import { AdapterError } from './adapter-error.js';
import type { LoraConfig } from './lora-config.js';

/** PEFT's name of the file that makes a directory an adapter. */
export const ADAPTER_CONFIG = 'adapter_config.json';

/** The tasks that PEFT tells apart; SEQ_CLS adapters carry a head, FEATURE_EXTRACTION ones are of a bare encoder. */
export const ADAPTER_TASKS = [
  'SEQ_CLS',
  'FEATURE_EXTRACTION',
  'CAUSAL_LM',
  'SEQ_2_SEQ_LM',
  'TOKEN_CLS',
  'QUESTION_ANS',
] as const;
export type AdapterTask = (typeof ADAPTER_TASKS)[number];

/** What adapter_config.json says: how the adapter is computed, and which model it belongs to. */
export interface AdapterConfig extends LoraConfig {
  /** The base model: a directory or a name of the hub. */
  readonly base_model_name_or_path: string | null;
  /** The base model's revision on the hub. */
  readonly revision: string | null;
  readonly task_type: AdapterTask | null;
}

const named: Kind<string> = {
  expected: 'a name',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
};
const finite: Kind<number> = {
  expected: 'a finite number',
  accepts: (value): value is number => typeof value === 'number' && Number.isFinite(value),
};
const either = <A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> => ({
  expected: `${a.expected} or ${b.expected}`,
  accepts: (value): value is A | B => a.accepts(value) || b.accepts(value),
});
const mapOf = <T>(kind: Kind<T>): Kind<Readonly<Record<string, T>>> => ({
  expected: `an object, each ${kind.expected}`,
  accepts: (value): value is Readonly<Record<string, T>> =>
    isJsonObject(value) && Object.values(value).every(kind.accepts),
});
const layerNumber: Kind<number> = {
  expected: "a layer's number",
  accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
};
const names = either(listOf(named), named);

/** Keys that change nothing in the numbers of a finished adapter. */
const IGNORED = new Set([
  'peft_type',
  'peft_version',
  'auto_mapping',
  'inference_mode',
  'init_lora_weights',
  'megatron_core',
  'qalora_group_size',
  'eva_config',
  'lora_ga_config',
  'loftq_config',
  'corda_config',
  'runtime_config',
  'ensure_weight_tying',
]);

/** Ways to start an adapter that leave the base model's weights as they are; the others need a base of their own. */
const KEEPS_BASE: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  'gaussian',
  'eva',
  'orthogonal',
  'mica',
];

/** True for what PEFT writes where an option is not used. */
const isUnused = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0);

/**
 * Reads the text of adapter_config.json, as PEFT 0.4 to 0.21 writes it.
 * @throws ConfigError naming an ill-typed key, AdapterError naming an option of PEFT that is not computed here (`use_dora`, `fan_in_fan_out`,
 *   other `peft_type`s, …)
 */
export function parseAdapterConfig(
  json: Readonly<Record<string, unknown>>,
  where = ADAPTER_CONFIG,
): AdapterConfig {
  const file = configFile(json, where);
  if (json.peft_type !== 'LORA')
    throw new AdapterError(
      where,
      'peft_type',
      `expected "LORA", got ${describeJson(json.peft_type)}`,
      'merge this adapter into its model with PEFT, and open that',
    );
  if (!KEEPS_BASE.includes(json.init_lora_weights))
    throw new AdapterError(
      where,
      'init_lora_weights',
      `expected a start that leaves the base model as it is, got ${describeJson(json.init_lora_weights)}, which changes its weights`,
      'save the adapter with path_initial_model_for_weight_conversion in PEFT',
    );
  const config: AdapterConfig = {
    r: file.take('r', count),
    lora_alpha: file.takeOr('lora_alpha', finite, 8),
    lora_dropout: file.takeOr('lora_dropout', probability, 0),
    use_rslora: file.takeOr('use_rslora', flag, false),
    target_modules: file.takeOr('target_modules', orNull(names), []) ?? [],
    exclude_modules: file.takeOr('exclude_modules', orNull(names), null),
    layers_to_transform: file.takeOr(
      'layers_to_transform',
      orNull(either(listOf(layerNumber), layerNumber)),
      null,
    ),
    layers_pattern: file.takeOr('layers_pattern', orNull(names), null),
    rank_pattern: file.takeOr('rank_pattern', orNull(mapOf(count)), {}) ?? {},
    alpha_pattern: file.takeOr('alpha_pattern', orNull(mapOf(finite)), {}) ?? {},
    modules_to_save: file.takeOr('modules_to_save', orNull(listOf(named)), null),
    bias: file.takeOr('bias', oneOf(['none', 'all', 'lora_only'] as const), 'none'),
    base_model_name_or_path: file.takeOr('base_model_name_or_path', orNull(named), null),
    revision: file.takeOr('revision', orNull(named), null),
    task_type: file.takeOr('task_type', orNull(oneOf(ADAPTER_TASKS)), null),
  };
  for (const [key, value] of Object.entries(json))
    if (!(key in config) && !IGNORED.has(key) && !isUnused(value))
      throw new AdapterError(
        where,
        key,
        `expected plain LoRA, got ${describeJson(value)}`,
        'merge this adapter into its model with PEFT, and open that',
      );
  return config;
}

/** adapter_config.json as PEFT opens it: its keys in its order, what is not used left at PEFT's own defaults. */
export function adapterConfigText(config: AdapterConfig): string {
  const complete: Record<string, unknown> = {
    alpha_pattern: {},
    auto_mapping: null,
    bias: 'none',
    exclude_modules: null,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: 8,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    rank_pattern: {},
    use_dora: false,
    use_rslora: false,
    ...config,
  };
  const sorted = Object.keys(complete).sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((key) => [key, complete[key]])), null, 2)}\n`;
}
