import { type Checkpoint, openCheckpoint, openWithoutWeights, TOKENIZER_FILES } from './checkpoint.js';
import { MODEL_TYPES, parseEncoderConfig } from './config.js';
import { DTYPE_BYTES, type Dtype, elementCount } from './dtype.js';
import { type FileSource, FileSourceError } from './file-source.js';
import { GOLDEN_FILE } from './golden.js';
import { TRAINING_CONFIG_FILE } from './model-card.js';
import { MODEL_CARD_FILE, modelCardFacts } from './model-card-facts.js';
import { classOfTask, type StatedTask, statedTask } from './model-task.js';
import { hasWeights, onnxPaths } from './onnx-file/variants.js';

/** What a checkpoint is, without running it. */
export interface Inspection extends StatedTask {
  /** The class that opens it; undefined where none of ours does, or any with a fresh head. */
  readonly opensWith: string | undefined;
  /** The classes of the tasks that it has weights for beside. */
  readonly alsoOpensWith: readonly string[];
  /** `model_type` of config.json, and whether this package has it. */
  readonly modelType: string;
  readonly known: boolean;
  /** Of config.json: layers, widths, tokens; absent for an unknown type. */
  readonly sizes?: {
    readonly num_hidden_layers: number;
    readonly hidden_size: number;
    readonly num_attention_heads: number;
    readonly vocab_size: number;
    readonly max_position_embeddings: number;
  };
  /** Why config.json of a known type cannot be used. */
  readonly problem?: string;
  readonly tensors: number;
  /** Elements of all tensors. */
  readonly parameters: number;
  /** Bytes of weights by dtype. */
  readonly dtypes: Readonly<Partial<Record<Dtype, number>>>;
  /** Tokenizer files that are there. */
  readonly tokenizer: readonly string[];
  /** ONNX models and their data by their paths, with their bytes. */
  readonly onnx: Readonly<Record<string, number>>;
  /** `license` of the model card's front matter; undefined where the card or the line is missing. */
  readonly licence: string | undefined;
  /** Of the model card, training_config.json and golden.json those that are there. */
  readonly records: readonly string[];
}

const RECORDS: readonly string[] = [MODEL_CARD_FILE, TRAINING_CONFIG_FILE, GOLDEN_FILE];

/** Reads what is stated of a checkpoint; weights stay where they are. @throws what `openCheckpoint` throws */
export async function inspectCheckpoint(source: FileSource): Promise<Inspection> {
  const files = await onnxFiles(source);
  // A model may be ONNX files alone.
  const isOnnxAlone = onnxPaths(Object.keys(files)).length > 0 && !hasWeights(await source.list());
  const checkpoint = await (isOnnxAlone ? openWithoutWeights : openCheckpoint)(source);
  const { config, tensors } = checkpoint;
  const stated = await statedTask(source, config);
  const dtypes: Partial<Record<Dtype, number>> = {};
  let parameters = 0;
  for (const name of tensors.names) {
    const [dtype, count] = [tensors.dtype(name), elementCount(tensors.shape(name))];
    parameters += count;
    dtypes[dtype] = (dtypes[dtype] ?? 0) + count * DTYPE_BYTES[dtype];
  }
  return {
    ...stated,
    opensWith: classOfTask(stated.task, config),
    alsoOpensWith: (stated.also ?? []).flatMap((task) => classOfTask(task, config) ?? []),
    modelType: String(config.model_type),
    known: (MODEL_TYPES as readonly string[]).includes(String(config.model_type)),
    ...sizesOf(checkpoint),
    tensors: tensors.names.length,
    parameters,
    dtypes,
    tokenizer: TOKENIZER_FILES.filter((name) => checkpoint.tokenizerFiles[name] !== undefined),
    onnx: files,
    licence: (await modelCardFacts(source))?.license,
    records: (await source.list()).filter((name) => RECORDS.includes(name)),
  };
}

function sizesOf({ config }: Checkpoint): Pick<Inspection, 'sizes' | 'problem'> {
  try {
    const { num_hidden_layers, hidden_size, num_attention_heads, vocab_size, max_position_embeddings } =
      parseEncoderConfig(config);
    return {
      sizes: { num_hidden_layers, hidden_size, num_attention_heads, vocab_size, max_position_embeddings },
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** ONNX files and their data, by their paths: in the directory itself and in `onnx`. */
async function onnxFiles(source: FileSource): Promise<Record<string, number>> {
  const names = await source.list('onnx').catch((error: unknown): string[] => {
    if (error instanceof FileSourceError) return [];
    throw error;
  });
  const own = (await source.list()).filter((name) => /\.onnx([._]data(_\d+)?)?$/.test(name));
  const sizes: Record<string, number> = {};
  for (const path of [...names.map((name) => `onnx/${name}`), ...own]) sizes[path] = await source.size(path);
  return sizes;
}
