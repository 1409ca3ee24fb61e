import { choice, type Kind } from './kind.js';
import { type OptionTable, optional } from './option.js';
import { type Setting, topmost } from './resolve.js';

/** A recipe's settings, to start from. */
export interface Preset {
  /** Whose recipe it is. */
  readonly about: string;
  /** By the keys of the task's table; neither a model nor data. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A task's recipes by their names. */
export type Presets = Readonly<Record<string, Preset>>;

/** The key that names one of a task's recipes. */
export function presetOption<const Table extends Presets>(presets: Table) {
  const names = Object.keys(presets) as (keyof Table & string)[];
  const kind: Kind<keyof Table & string> = choice(names);
  return optional(kind, `recipe to start from, beneath file and flags: ${names.join(', ')}`);
}

/** A line for each recipe, for help. */
export const presetLines = (presets: Presets): string[] => {
  const width = Math.max(...Object.keys(presets).map((name) => name.length));
  return Object.entries(presets).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
};

/** The layers with that of the preset which they name beneath them; a name that no preset has is left for the table to refuse. */
export function withPreset(
  table: OptionTable,
  presets: Presets,
  layers: readonly (readonly Setting[])[],
): readonly (readonly Setting[])[] {
  const name = topmost(table, layers, 'preset')?.value;
  return typeof name === 'string' && Object.hasOwn(presets, name)
    ? [presetSettings(presets, name), ...layers]
    : layers;
}

/** A preset's settings as a layer. */
function presetSettings(presets: Presets, name: string): Setting[] {
  const where = `preset ${name}`;
  return Object.entries(presets[name]!.settings).map(([key, value]) => ({
    key,
    value,
    where,
    shown: `"${key}" `,
  }));
}

/**
 * What transformers' TrainingArguments are in FlagEmbedding's trainers when nobody says (transformers 4.x, training_args.py); checkpoints are
 * kept as ours are.
 */
export const trainerDefaults = {
  epochs: 3,
  lr: 5e-5,
  batch_size: 8,
  gradient_accumulation_steps: 1,
  lr_scheduler_type: 'linear',
  warmup_proportion: 0,
  weight_decay: 0,
  max_grad_norm: 1,
  seed: 42,
  log_interval: 500,
  save_steps: 500,
  save_on_epoch_end: false,
} as const;

/** The adapters of FlagEmbedding's decoders (finetune/…/decoder_only/base/arguments.py). */
export const loraDefaults = {
  use_lora: true,
  lora_rank: 64,
  lora_alpha: 16,
  lora_dropout: 0.1,
  target_modules: ['v_proj', 'q_proj', 'k_proj', 'gate_proj', 'down_proj', 'o_proj', 'up_proj'],
} as const;
