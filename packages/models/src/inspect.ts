import { type Checkpoint, openCheckpoint, TOKENIZER_FILES } from './checkpoint.js';
import { MODEL_TYPES, parseEncoderConfig } from './config.js';
import { DTYPE_BYTES, type Dtype, elementCount } from './dtype.js';
import { type FileSource, FileSourceError } from './file-source.js';
import { GOLDEN_FILE } from './golden.js';
import { TRAINING_CONFIG_FILE } from './model-card.js';
import { MODEL_CARD_FILE, modelCardFacts } from './model-card-facts.js';
import { CLASS_OF_TASK, type StatedTask, statedTask } from './model-task.js';

/** What a checkpoint is, without running it. */
export interface Inspection extends StatedTask {
  /** The class that opens it; undefined where none of ours does, or any with a fresh head. */
  readonly opensWith: string | undefined;
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
  /** Models for other tools in `onnx`, with their bytes. */
  readonly onnx: Readonly<Record<string, number>>;
  /** `license` of the model card's front matter; undefined where the card or the line is missing. */
  readonly licence: string | undefined;
  /** Of the model card, training_config.json and golden.json those that are there. */
  readonly records: readonly string[];
}

const RECORDS: readonly string[] = [MODEL_CARD_FILE, TRAINING_CONFIG_FILE, GOLDEN_FILE];

/** Reads what is stated of a checkpoint; weights stay where they are. @throws what `openCheckpoint` throws */
export async function inspectCheckpoint(source: FileSource): Promise<Inspection> {
  const checkpoint = await openCheckpoint(source);
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
    opensWith: CLASS_OF_TASK[stated.task],
    modelType: String(config.model_type),
    known: (MODEL_TYPES as readonly string[]).includes(String(config.model_type)),
    ...sizesOf(checkpoint),
    tensors: tensors.names.length,
    parameters,
    dtypes,
    tokenizer: TOKENIZER_FILES.filter((name) => checkpoint.tokenizerFiles[name] !== undefined),
    onnx: await onnxFiles(source),
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

async function onnxFiles(source: FileSource): Promise<Record<string, number>> {
  const names = await source.list('onnx').catch((error: unknown): string[] => {
    if (error instanceof FileSourceError) return [];
    throw error;
  });
  const sizes: Record<string, number> = {};
  for (const name of names) sizes[name] = await source.size(`onnx/${name}`);
  return sizes;
}
