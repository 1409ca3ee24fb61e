import {
  type Checkpoint,
  type EncoderConfig,
  initializeParameter,
  longestSequence,
  ModelKindError,
  OptionError,
  type TensorIndex,
  type WeightSource,
  type Weights,
  weightsOfCheckpoint,
} from '@rag/models';
import { colbertParameters } from './colbert-graph.js';
import { type ColbertSettings, checkSettings, linearProjection } from './colbert-settings.js';
import { type DirectorySettings, readDirectorySettings } from './directory-settings.js';
import { isLinear, type Projection, readProjection } from './read-projection.js';

export interface ProjectionOptions {
  /** Width of a token's vector: needed where the checkpoint has no projection, and checked where it has one. */
  readonly colbertDim?: number;
  /** Width of a fresh projection where `colbertDim` says none; unlike that, it is not held against one that is there. */
  readonly freshDim?: number;
  /**
   * true replaces the projection by a fresh linear layer, false forbids a fresh one; by default it is fresh only where the
   * checkpoint has none, which `initialized` lists and `fromPretrained` warns of on the console.
   */
  readonly newHead?: boolean;
  /** Seed of a fresh projection; 42 by default. */
  readonly seed?: number;
}

export interface OpenedWeights {
  readonly settings: ColbertSettings;
  readonly stated: DirectorySettings['stated'];
  readonly weights: Weights;
}

/**
 * The settings and parameters of a checkpoint: the encoder's in place where its files are on this machine, the projection's in memory.
 * @throws RangeError for a width that is missing or that the checkpoint does not have; see also `readDirectorySettings`,
 * `readProjection` and `weightsOfCheckpoint`
 */
export async function openWeights(
  checkpoint: Checkpoint,
  config: EncoderConfig,
  options: ProjectionOptions,
): Promise<OpenedWeights> {
  const longest = longestSequence(config);
  const directory = await readDirectorySettings(checkpoint.source, checkpoint.config, longest);
  const stored = await readProjection(checkpoint, directory);
  const projection = chooseProjection(stored, directory.settings.layout, config, options);
  const settings = checkSettings(
    { ...directory.settings, projection: projection.layers },
    config.hidden_size,
    longest,
  );
  const parameters = colbertParameters(config, settings);
  const layers = projection.layers.map(({ name }) => `${name}.`);
  const isHead = (name: string) => layers.some((layer) => name.startsWith(layer));
  const head = new Map(
    parameters
      .filter(({ name }) => isHead(name))
      .map((spec) => [
        spec.name,
        projection.weights.get(spec.name) ?? initializeParameter(spec, config, options.seed ?? 42),
      ]),
  );
  const encoder = await weightsOfCheckpoint(
    directory.settings.layout === 'colbertv2'
      ? { ...checkpoint, tensors: without(checkpoint.tensors, isLinear) }
      : checkpoint,
    config,
    parameters.filter(({ name }) => !isHead(name)),
    {},
  );
  const sources = new Map<string, WeightSource>([
    ...encoder.sources,
    ...[...head].map(([name, data]) => [name, { data }] as const),
  ]);
  return {
    settings,
    stated: directory.stated,
    weights: {
      ...encoder,
      sources,
      initialized: [...head.keys()].filter((name) => !projection.weights.has(name)),
      read: async (name) => head.get(name) ?? encoder.read(name),
      elements: async (name) => head.get(name) ?? (encoder.elements ?? encoder.read)(name),
    },
  };
}

function chooseProjection(
  stored: Projection | undefined,
  layout: ColbertSettings['layout'],
  config: EncoderConfig,
  { colbertDim, freshDim, newHead }: ProjectionOptions,
): Projection {
  const width = stored?.layers.at(-1)?.out;
  if (stored && newHead !== true) {
    if (colbertDim !== undefined && colbertDim !== width)
      throw new OptionError(
        'colbertDim',
        `expected ${width}, the width of the checkpoint's projection, got ${colbertDim}`,
        'leave it out, or put a fresh projection on the encoder alone',
      );
    return stored;
  }
  if (newHead === false)
    throw new ModelKindError(
      'checkpoint',
      'expected a projection (colbert_linear.pt, a Dense folder or linear.weight), got none',
      'use a ColBERT checkpoint, or leave newHead out to start from random values',
    );
  const dim = colbertDim ?? width ?? freshDim;
  if (dim === undefined || !Number.isSafeInteger(dim) || dim < 1)
    throw new OptionError(
      'colbertDim',
      `expected a width of at least 1 for the fresh projection, got ${dim}`,
      '128 is usual',
    );
  return {
    layers: linearProjection(config.hidden_size, dim, layout === 'rag-retrieval'),
    weights: new Map(),
  };
}

/** The tensors whose names are not hidden. */
const without = (tensors: TensorIndex, hidden: (name: string) => boolean): TensorIndex => ({
  ...tensors,
  names: tensors.names.filter((name) => !hidden(name)),
  has: (name) => !hidden(name) && tensors.has(name),
});
