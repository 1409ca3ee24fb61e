import { type MixModel, openMixture } from '../mix/mix.js';
import type { MixWeights } from '../mix/mix-weights.js';
import type { HubSourceOptions } from './hub-source.js';
import { openHubOrDirectory } from './open-hub-or-directory.js';
import { saveCheckpoint } from './save.js';

/** How models are mixed, and where to. */
export interface MixOptions extends MixWeights {
  /** The directory to write; an earlier checkpoint there is replaced. */
  readonly output: string;
  /** Write into a directory that holds other files, too. @default false */
  readonly overwrite?: boolean;
  /** For models that are named by their place on the hub. */
  readonly hub?: HubSourceOptions;
}

/** Models by their directories or their names on the hub, as `openMixture` takes them. */
export async function openMixModels(
  names: readonly string[],
  hub: HubSourceOptions = {},
): Promise<MixModel[]> {
  const models: MixModel[] = [];
  for (const name of names) models.push({ name, source: await openHubOrDirectory(name, hub) });
  return models;
}

/**
 * Mixes models by weights, for all tensors or by layers, and writes the mix as a checkpoint that opens in the same class; tensors
 * are read, mixed and written one after the other, so that models larger than memory mix.
 * @returns what a reader of the result should know, such as buffers that one of the models lacks
 * @throws as `openMixture`, RangeError for weights that do not add up, SaveRefusedError
 */
export async function mixModels(
  models: readonly string[],
  { output, overwrite = false, hub, ...weights }: MixOptions,
): Promise<readonly string[]> {
  const mixture = await openMixture(await openMixModels(models, hub));
  await saveCheckpoint(output, await mixture.mix(weights), { overwrite });
  return mixture.notes;
}
