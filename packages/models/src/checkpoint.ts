import type { Dtype } from './dtype.js';
import { type FileSource, FileSourceError, readJsonObject, readText } from './file-source.js';
import { readSafetensorsHeader, readTensor, type TensorEntry } from './safetensors.js';
import { readShardIndex } from './safetensors-index.js';

/** The text files that make up a tokenizer, as Hugging Face names them. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
] as const;
export type TokenizerFile = (typeof TOKENIZER_FILES)[number];

/** The files of a sentence-transformers directory that describe its modules. */
const MODULE_FILES: readonly string[] = [
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];

/** True for a file of sentence-transformers' modules: `modules.json`, …, `1_Pooling/config.json`, `2_Dense/model.safetensors`. */
export const isModuleFile = (path: string): boolean =>
  MODULE_FILES.includes(path) || /^\d+_[A-Z]\w*\/(config\.json|model\.safetensors)$/.test(path);

/** Where a tensor's bytes lie, as an ONNX external-data entry wants it. */
export interface TensorLocation {
  /** Relative to the checkpoint; `FileSource.localPath` gives its real path. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly dtype: Dtype;
}

/** The tensors of a checkpoint, whichever shard holds them. Asking for an unknown name throws a RangeError. */
export interface TensorIndex {
  /** In file order. */
  readonly names: readonly string[];
  has(name: string): boolean;
  shape(name: string): readonly number[];
  dtype(name: string): Dtype;
  /** The elements as float32, row-major. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  location(name: string): TensorLocation;
}

/** An opened checkpoint directory. */
export interface Checkpoint {
  readonly source: FileSource;
  /** config.json as it stands; `parseEncoderConfig` checks it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The text of each tokenizer file that is present, unparsed. */
  readonly tokenizerFiles: Readonly<Partial<Record<TokenizerFile, string>>>;
  readonly tensors: TensorIndex;
}

/**
 * Opens a Hugging Face checkpoint: reads config.json, the tokenizer's files and the headers of `model.safetensors`, or of the
 * shards of `model.safetensors.index.json`. Weights are read when asked for.
 * @throws FileSourceError when a file is missing or unreadable, SafetensorsError when one breaks the format.
 */
export async function openCheckpoint(source: FileSource): Promise<Checkpoint> {
  const present = new Set(await source.list());
  const found = [...present].sort().join(', ') || 'an empty directory';
  if (!present.has('config.json')) {
    throw new FileSourceError(
      'config.json',
      `config.json: expected it in the checkpoint, got ${found} — name a model directory`,
    );
  }
  const config = await readJsonObject(source, 'config.json');
  const tokenizerFiles: Partial<Record<TokenizerFile, string>> = {};
  for (const name of TOKENIZER_FILES) {
    if (present.has(name)) tokenizerFiles[name] = await readText(source, name);
  }
  let entries: ReadonlyMap<string, TensorEntry>;
  if (present.has('model.safetensors')) {
    entries = (await readSafetensorsHeader(source, 'model.safetensors')).tensors;
  } else if (present.has('model.safetensors.index.json')) {
    entries = await readShardIndex(source, 'model.safetensors.index.json');
  } else {
    throw new FileSourceError(
      'model.safetensors',
      `model.safetensors: expected it or model.safetensors.index.json in the checkpoint, got ${found} — fetch or convert the weights as safetensors`,
    );
  }
  return { source, config, tokenizerFiles, tensors: tensorIndex(source, entries) };
}

function tensorIndex(source: FileSource, entries: ReadonlyMap<string, TensorEntry>): TensorIndex {
  const find = (name: string): TensorEntry => {
    const entry = entries.get(name);
    if (!entry) {
      throw new RangeError(
        `tensor ${JSON.stringify(name)}: expected a name of this checkpoint, got none of its ${entries.size} — see names`,
      );
    }
    return entry;
  };
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    shape: (name) => find(name).shape,
    dtype: (name) => find(name).dtype,
    read: async (name) => readTensor(source, find(name)),
    location: (name) => {
      const { file, offset, length, dtype } = find(name);
      return { file, offset, length, dtype };
    },
  };
}
