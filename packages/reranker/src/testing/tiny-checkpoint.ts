import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EncoderConfig, encoderConfigToJson, safetensorsBytes } from '@rag/models';
import { nameOf } from '@rag/onnx';
import { classifierGraph } from '../classifier-graph.js';
import { tinyConfig, tinyTokenizerFiles, tinyWeights } from './tiny.js';

export interface TinyCheckpoint {
  readonly config?: EncoderConfig;
  /** Seed of the weights. */
  readonly seed?: number;
  readonly dtype?: 'F32' | 'F16' | 'BF16';
  /** The name that a parameter has in the file; undefined leaves it out. */
  readonly nameOf?: (parameter: string) => string | undefined;
  /** Keys of config.json that differ. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/** Every parameter of a classifier with one label: name, shape and seeded elements. */
export function tinyParameters(config = tinyConfig(), seed = 7) {
  const weights = tinyWeights(config, seed);
  return classifierGraph(config, 1).parameters.map((value) => {
    const [name, shape] = [nameOf(value), value.shape as readonly number[]];
    return { name, shape, data: weights(name, shape) };
  });
}

/** The files of a checkpoint with one model.safetensors. */
export async function tinyCheckpoint({
  config = tinyConfig(),
  seed,
  dtype = 'F32',
  nameOf = (name) => name,
  json = {},
}: TinyCheckpoint = {}): Promise<Record<string, Uint8Array | string>> {
  const tensors = tinyParameters(config, seed).flatMap(({ name, ...tensor }) => {
    const stored = nameOf(name);
    return stored === undefined ? [] : [{ ...tensor, name: stored, dtype }];
  });
  return {
    ...tinyTokenizerFiles,
    'config.json': JSON.stringify({ ...encoderConfigToJson(config), ...json }),
    'model.safetensors': await safetensorsBytes(tensors),
  };
}

/** Writes files into a new directory. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  return directory;
}
