import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encoderConfigToJson, safetensorsBytes } from '@rag/models';
import { embeddingFiles, headParameters } from '../embedding-files.js';
import type { EmbeddingHead } from '../embedding-head.js';
import { defaultSettings, type EmbeddingSettings } from '../embedding-settings.js';
import { tinyConfig, tinyHead, tinyParameters, tinyTokenizerFiles } from './tiny.js';

export interface TinyCheckpoint {
  readonly config?: ReturnType<typeof tinyConfig>;
  /** null makes a bare encoder's checkpoint. */
  readonly head?: EmbeddingHead | null;
  readonly settings?: Partial<EmbeddingSettings>;
  /** Seed of the weights. */
  readonly seed?: number;
  readonly dtype?: 'F32' | 'F16' | 'BF16';
  /** The name that an encoder's parameter has in the file; undefined leaves it out. */
  readonly nameOf?: (parameter: string) => string | undefined;
  /** Further tensors of the file. */
  readonly tensors?: readonly { name: string; shape: readonly number[]; data: Float32Array }[];
  /** Keys of config.json that differ. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/** The files of a sentence-transformers directory, or of a bare checkpoint, by their paths. */
export async function tinyCheckpoint({
  config = tinyConfig(),
  head = tinyHead,
  settings = {},
  seed,
  dtype = 'F32',
  nameOf = (name) => name,
  tensors = [],
  json = {},
}: TinyCheckpoint = {}): Promise<Record<string, Uint8Array | string>> {
  const parts = head ?? { pooling: ['mean'], dense: [], normalize: false };
  const parameters = tinyParameters(config, parts, seed);
  const dense = new Set(headParameters(parts).map(({ name }) => name));
  const encoder = parameters.flatMap((tensor) => {
    const stored = dense.has(tensor.name) ? undefined : nameOf(tensor.name);
    return stored === undefined ? [] : [{ ...tensor, name: stored, dtype }];
  });
  const read = async (name: string) => parameters.find((parameter) => parameter.name === name)!.data;
  return {
    ...tinyTokenizerFiles,
    ...(head ? await embeddingFiles(config, head, { ...defaultSettings, ...settings }, read) : {}),
    'config.json': JSON.stringify({ ...encoderConfigToJson(config), ...json }),
    'model.safetensors': await safetensorsBytes([...encoder, ...tensors]),
  };
}

/** Writes files, in folders where their paths say so, into a new directory. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, ...name.split('/'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return directory;
}
