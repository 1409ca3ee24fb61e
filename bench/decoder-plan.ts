import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaryCrossEntropy } from '@rag/losses';
import {
  type EncoderConfig,
  initializeLora,
  isLoraParameter,
  loraLayers,
  type ParameterStorage,
  packParameter,
  parseEncoderConfig,
  writeSafetensors,
} from '@rag/models';
import { fileSink } from '@rag/models/node';
import { dtypes } from '@rag/onnx';
import { classifierParameters, rerankerObjective } from '@rag/reranker/training';
import { compile, type Plan, type Tensor } from '@rag/runtime';

/** The sizes of a decoder. */
export interface DecoderShape {
  readonly hidden: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly feedForward: number;
  readonly layers: number;
  readonly vocabulary: number;
}

/** https://huggingface.co/Qwen/Qwen2.5-0.5B/blob/main/config.json */
export const qwen05b: DecoderShape = {
  hidden: 896,
  heads: 14,
  keyValueHeads: 2,
  feedForward: 4864,
  layers: 24,
  vocabulary: 151_936,
};

/** Both sides' adapters, by PEFT's names: rank 16 beside every linear layer but the head, which is trained whole. */
export const decoderLora = {
  r: 16,
  lora_alpha: 32,
  target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
} as const;

/** config.json of a Qwen2 with a scalar head. No text holds the padding's id: transformers would take it for the end. */
export const decoderConfig = (shape: DecoderShape): Record<string, unknown> => ({
  model_type: 'qwen2',
  architectures: ['Qwen2ForSequenceClassification'],
  vocab_size: shape.vocabulary,
  hidden_size: shape.hidden,
  num_hidden_layers: shape.layers,
  num_attention_heads: shape.heads,
  num_key_value_heads: shape.keyValueHeads,
  intermediate_size: shape.feedForward,
  hidden_act: 'silu',
  max_position_embeddings: 32_768,
  initializer_range: 0.02,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  tie_word_embeddings: true,
  use_sliding_window: false,
  pad_token_id: 0,
  id2label: { '0': 'LABEL_0' },
  label2id: { LABEL_0: 0 },
});

/** What is trained: adapters and the head, or everything. */
export type DecoderTraining = 'lora' | 'full';

/** The training plan of a decoder with a scalar head and random weights: a layer in each segment, or activations kept in one; `storage` is that of the frozen matrices. */
export function decoderPlan(
  config: EncoderConfig,
  options: {
    readonly training: DecoderTraining;
    readonly storage: ParameterStorage;
    readonly layerSplit: boolean;
  },
): Plan {
  const { training, storage, layerSplit } = options;
  const isTrained = (name: string) => isLoraParameter(name) || name === 'score.weight';
  const objective = rerankerObjective({
    config,
    loss: { kind: 'pointwise', loss: binaryCrossEntropy },
    layerSplit,
    ...(training === 'lora' && {
      parameters: () => ({
        lora: loraLayers({ ...decoderLora, target_modules: [...decoderLora.target_modules] }),
        storage: (name: string, shape: readonly number[]) =>
          shape.length === 2 && !isTrained(name) ? storage : 'float32',
      }),
    }),
  });
  return compile(objective, {
    initial: (name, shape) =>
      isLoraParameter(name) ? initializeLora({ name, shape }, 1) : randomWeights(name, shape),
    ...(training === 'lora' && {
      trainable: isTrained,
      resident: (name, { dtype, shape }) => (isTrained(name) ? undefined : frozen(name, shape, dtype)),
    }),
    optimizer: {},
  });
}

/** Rows of 32 columns that every weight repeats: int4 has a scale for each. A prime, so that rows of a matrix differ. */
const TILE = 4093;
const tile = normals(TILE * 32);

/** Weights that a fresh model could have, at the price of a copy: norms 1, all else of deviation 0.02. */
export function randomWeights(name: string, shape: readonly number[]): Float32Array {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return name.endsWith('norm.weight') ? data.fill(1) : repeated(data, tile);
}

function frozen(name: string, shape: readonly number[], dtype: Tensor['dtype']) {
  if (dtype === 'float32' && !name.endsWith('.scale'))
    return { dtype, shape, data: randomWeights(name, shape) };
  const storage = dtype === 'float16' ? 'float16' : 'int4';
  const packed = packParameter('tile', [TILE, 32], tile, storage).find((part) => part.dtype === dtype);
  if (!packed) throw new TypeError(`${name}: expected a dtype of float16 or int4 storage, got ${dtype}`);
  const count = shape.reduce((a, b) => a * b, 1);
  const data = new dtypes[dtype].array(new ArrayBuffer(count * dtypes[dtype].bytes));
  return { dtype, shape, data: repeated(data as Uint8Array, packed.data as Uint8Array) };
}

function repeated<T extends Float32Array | Uint16Array | Uint8Array>(data: T, part: T): T {
  for (let at = 0; at < data.length; at += part.length) data.set(part.subarray(0, data.length - at), at);
  return data;
}

/** Seeded numbers of mean 0 and deviation 0.02, nearly normal: sums of six uniform ones. */
function normals(count: number): Float32Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    let sum = -3;
    for (let i = 0; i < 6; i++) sum += uniform();
    return sum * 0.02 * Math.SQRT2;
  });
}

/** Writes the model as a checkpoint without a tokenizer, its weights float32. */
export async function writeDecoder(directory: string, json: Record<string, unknown>): Promise<void> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), JSON.stringify(json));
  const tensors = classifierParameters(parseEncoderConfig(json)).map(({ name, shape }) => ({
    name,
    shape,
    data: () => randomWeights(name, shape),
  }));
  await writeSafetensors(await fileSink(join(directory, 'model.safetensors')), tensors);
}
