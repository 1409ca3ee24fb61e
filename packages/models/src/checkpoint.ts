import type { Dtype } from './dtype.js';
import { type FileSource, FileSourceError, readJsonObject, readText } from './file-source.js';
import { type PytorchTensor, readPytorchFile } from './pytorch-file.js';
import { readSafetensorsHeader, readTensor, type TensorEntry } from './safetensors.js';
import { readShardIndex, readShards } from './safetensors-index.js';

/** The text files that make up a tokenizer, as Hugging Face names them. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
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
  /** undefined where the elements do not lie one after another, as in some views of torch; `read` gathers them. */
  location(name: string): TensorLocation | undefined;
}

/** The files of weights that `openCheckpoint` reads, in the order in which it prefers them where several are there. */
export const WEIGHT_FILES = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/** An opened checkpoint directory. */
export interface Checkpoint {
  readonly source: FileSource;
  /** config.json as it stands; `parseEncoderConfig` checks it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The text of each tokenizer file that is present, unparsed. */
  readonly tokenizerFiles: Readonly<Partial<Record<TokenizerFile, string>>>;
  readonly tensors: TensorIndex;
  /** The ONNX file that is opened in place of weights, by its path; `tensors` has none then. */
  readonly onnx?: string;
}

/**
 * Opens a Hugging Face checkpoint: reads config.json, the tokenizer's files and what names the tensors of the first that is there
 * of `WEIGHT_FILES`. Safetensors so wins over torch's files, as in transformers; the others are not read. Weights are read when
 * asked for.
 * @throws FileSourceError when a file is missing or unreadable, SafetensorsError or PytorchFileError when one breaks its format.
 */
export async function openCheckpoint(source: FileSource): Promise<Checkpoint> {
  const checkpoint = await openWithoutWeights(source);
  const present = new Set(await source.list());
  const found = [...present].sort().join(', ');
  const file = WEIGHT_FILES.find((name) => present.has(name));
  if (file === undefined) {
    throw new FileSourceError(
      'model.safetensors',
      `model.safetensors: expected one of ${WEIGHT_FILES.join(', ')} in the checkpoint, got ${found} — fetch or convert the weights`,
    );
  }
  return { ...checkpoint, tensors: tensorIndex(await openWeights(source, file)) };
}

/** A checkpoint as `openCheckpoint` opens it, but for its weights: it has no tensors. @throws FileSourceError */
export async function openWithoutWeights(source: FileSource): Promise<Checkpoint> {
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
  return { source, config, tokenizerFiles, tensors: tensorIndex(new Map()) };
}

/** A tensor, whichever format holds it. */
interface OpenTensor {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly location: TensorLocation | undefined;
  read(): Promise<Float32Array<ArrayBuffer>>;
}

async function openWeights(
  source: FileSource,
  file: (typeof WEIGHT_FILES)[number],
): Promise<ReadonlyMap<string, OpenTensor>> {
  const safetensors = (entry: TensorEntry): OpenTensor => {
    const { file: holder, offset, length, dtype, shape } = entry;
    const location = { file: holder, offset, length, dtype };
    return { shape, dtype, location, read: () => readTensor(source, entry) };
  };
  const pytorch = ({ file: holder, place, dtype, shape, read }: PytorchTensor): OpenTensor => {
    return { shape, dtype, location: place && { file: holder, ...place, dtype }, read };
  };
  switch (file) {
    case 'model.safetensors':
      return mapValues((await readSafetensorsHeader(source, file)).tensors, safetensors);
    case 'model.safetensors.index.json':
      return mapValues(await readShardIndex(source, file), safetensors);
    case 'pytorch_model.bin':
      return mapValues(await readPytorchFile(source, file), pytorch);
    case 'pytorch_model.bin.index.json':
      return mapValues(await readShards(source, file, (shard) => readPytorchFile(source, shard)), pytorch);
  }
}

const mapValues = <T>(map: ReadonlyMap<string, T>, open: (value: T) => OpenTensor): Map<string, OpenTensor> =>
  new Map([...map].map(([name, value]) => [name, open(value)]));

function tensorIndex(tensors: ReadonlyMap<string, OpenTensor>): TensorIndex {
  const find = (name: string): OpenTensor => {
    const tensor = tensors.get(name);
    if (!tensor) {
      throw new RangeError(
        `tensor ${JSON.stringify(name)}: expected a name of this checkpoint, got none of its ${tensors.size} — see names`,
      );
    }
    return tensor;
  };
  return {
    names: [...tensors.keys()],
    has: (name) => tensors.has(name),
    shape: (name) => find(name).shape,
    dtype: (name) => find(name).dtype,
    read: async (name) => find(name).read(),
    location: (name) => find(name).location,
  };
}
