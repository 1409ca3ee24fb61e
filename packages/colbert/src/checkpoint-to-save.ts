import { type EncoderConfig, longestSequence, poolerParameters } from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { completeTokenizerFiles, type TokenizerTexts } from '@rag/text';
import { colbertParameters } from './colbert-graph.js';
import type { ColbertSettings } from './colbert-settings.js';
import type { DirectorySettings } from './directory-settings.js';
import { savedFiles } from './saved-files.js';

/** A model as it is saved: what it is made of, its weights read one by one. */
export interface ColbertToSave {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  /** What the files that it came in say beside the settings. */
  readonly stated?: DirectorySettings['stated'];
  readonly tokenizerFiles: TokenizerTexts;
  /** float32 elements of a parameter of `colbertGraph`. */
  read(name: string): Promise<Float32Array>;
  /** The encoder's pooler, if it came with one: its elements, or how they are read. */
  readonly pooler?: ReadonlyMap<string, Float32Array | (() => Promise<Float32Array>)>;
}

/** The directory of a model, in the layout that its settings name. */
export async function colbertCheckpoint({
  config,
  settings,
  stated = {},
  tokenizerFiles,
  read,
  pooler = new Map(),
}: ColbertToSave): Promise<CheckpointToSave> {
  const carried = poolerParameters(config).filter(({ name }) => pooler.has(name));
  const parameters = [...colbertParameters(config, settings), ...carried];
  const { config: json, tensors, files } = await savedFiles(config, settings, stated, parameters, read);
  const use = { maxLength: longestSequence(config), tokenTypes: config.type_vocab_size > 1 };
  return {
    config: json,
    files: { ...completeTokenizerFiles(tokenizerFiles, use), ...files },
    tensors: [...tensors].map(([name, { name: parameter, shape }]) => ({
      name,
      shape,
      data: pooler.get(parameter) ?? (() => read(parameter)),
    })),
  };
}
