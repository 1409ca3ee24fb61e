import {
  architectures,
  type Checkpoint,
  type EncoderConfig,
  initializeParameter,
  matchParameters,
  type ParameterSpec,
} from '@rag/models';
import type { WeightSource } from './classifier-graph.js';

/** The parameters of a model, wherever they are. */
export interface Weights {
  readonly sources: ReadonlyMap<string, WeightSource>;
  /** The real path of the folder that file sources lie in. */
  readonly folder?: string;
  /** Parameters that were initialised afresh. */
  readonly initialized: readonly string[];
  /** float32 elements by parameter name. */
  read(name: string): Promise<Float32Array>;
}

/** Parameters that are in memory already. */
export function weightsInMemory(arrays: ReadonlyMap<string, Float32Array>): Weights {
  return {
    sources: new Map([...arrays].map(([name, data]) => [name, { data }])),
    initialized: [],
    read: async (name) => arrays.get(name)!,
  };
}

/**
 * The parameters of a checkpoint: in place where its files are on this machine, else read into memory; a head that it
 * lacks is initialised afresh from the seed.
 * @throws ParameterMatchError naming each tensor that is missing, unexpected or of another shape
 */
export async function weightsOfCheckpoint(
  { source, tensors }: Checkpoint,
  config: EncoderConfig,
  wanted: readonly ParameterSpec[],
  { newHead, seed = 42 }: { newHead?: boolean; seed?: number },
): Promise<Weights> {
  const { baseModelPrefix, headPrefixes } = architectures[config.model_type];
  const match = matchParameters(wanted, tensors, {
    prefix: baseModelPrefix,
    heads: headPrefixes,
    ...(newHead === undefined ? {} : { newHead }),
  });
  const fresh = new Map(
    wanted
      .filter(({ name }) => match.initialized.includes(name))
      .map((spec) => [spec.name, initializeParameter(spec, config, seed)] as const),
  );
  const sources = new Map<string, WeightSource>([...fresh].map(([name, data]) => [name, { data }]));
  const folders = new Set<string>();
  for (const [name, tensor] of match.sources) {
    const { file, offset, length, dtype } = tensors.location(tensor);
    const inPlace = halfOrSingle[dtype];
    const path = inPlace && (await source.localPath?.(file));
    if (!path || !inPlace) {
      sources.set(name, { data: await tensors.read(tensor) });
      continue;
    }
    // Both separators: a real path on Windows has backslashes.
    const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
    folders.add(path.slice(0, cut));
    sources.set(name, { file: { location: path.slice(cut + 1), offset, length }, dtype: inPlace });
  }
  const [folder, ...others] = folders;
  if (others.length > 0)
    throw new RangeError(
      `model.safetensors: expected all shards in one folder, got ${[...folders].join(' and ')} — move them together`,
    );
  return {
    sources,
    ...(folder === undefined ? {} : { folder }),
    initialized: match.initialized,
    read: async (name) => fresh.get(name) ?? tensors.read(match.sources.get(name) ?? name),
  };
}

const halfOrSingle: Partial<Record<string, 'float32' | 'float16' | 'bfloat16'>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};
