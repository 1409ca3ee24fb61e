import { type FileSource, FileSourceError, readJsonObject, readText } from './file-source.js';
import { adaptedCheckpoint } from './lora/adapted-checkpoint.js';
import { ADAPTER_CONFIG } from './lora/adapter-config.js';
import { openAdapter } from './lora/open-adapter.js';
import { openTensors, type TensorIndex, tensorIndex } from './open-tensors.js';

export type { TensorIndex, TensorLocation } from './open-tensors.js';

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
 * asked for; a source of an adapter and its base model gives the merged ones.
 * @throws FileSourceError when a file is missing or unreadable, SafetensorsError or PytorchFileError when one breaks its format, and as `openAdapter`
 */
export async function openCheckpoint(source: FileSource): Promise<Checkpoint> {
  const checkpoint = await openWithoutWeights(source);
  const present = new Set(await source.list());
  const found = [...present].sort().join(', ');
  const file = WEIGHT_FILES.find((name) => present.has(name));
  if (file === undefined && present.has(ADAPTER_CONFIG)) {
    throw new FileSourceError(
      ADAPTER_CONFIG,
      `${ADAPTER_CONFIG}: expected the weights of the base model beside the adapter's, got ${found} — open the directory by its name, or put the two together by adapterSource`,
    );
  }
  if (file === undefined) {
    throw new FileSourceError(
      'model.safetensors',
      `model.safetensors: expected one of ${WEIGHT_FILES.join(', ')} in the checkpoint, got ${found} — fetch or convert the weights`,
    );
  }
  const opened = { ...checkpoint, tensors: await openTensors(source, file) };
  return source.adapter ? adaptedCheckpoint(opened, await openAdapter(source.adapter)) : opened;
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
