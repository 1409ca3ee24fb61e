import {
  architectures,
  dropoutFeeds,
  type EncoderConfig,
  encoderInputTypes,
  initializeParameter,
  noDropout,
  parameterRoot,
  parseEncoderConfig,
  trainingDropout,
} from '@rag/models';
import { constant, input, mul, reduceSum, type Value } from '@rag/onnx';
import { type Batch, compile, type Plan, Tensor, type TensorInfo } from '@rag/runtime';
import { packSequences } from '@rag/text';

/** The sizes of an encoder's training step. */
export interface StepShape {
  readonly batch: number;
  /** Tokens of each row; every row is full. */
  readonly tokens: number;
  readonly hidden: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly layers: number;
}

/** Reads `B,L,H,A,F,LAYERS`; throws RangeError for anything but six whole numbers from 1. */
export function parseStepShape(text: string): StepShape {
  const numbers = text.split(',').map(Number);
  const [batch, tokens, hidden, heads, feedForward, layers] = numbers;
  if (numbers.length !== 6 || !numbers.every((n) => Number.isInteger(n) && n >= 1) || hidden! % heads! !== 0)
    throw new RangeError(
      `shape: expected B,L,H,A,F,LAYERS with whole numbers from 1 and H divisible by A, got "${text}"`,
    );
  return {
    batch: batch!,
    tokens: tokens!,
    hidden: hidden!,
    heads: heads!,
    feedForward: feedForward!,
    layers: layers!,
  };
}

/**
 * Floating-point operations of the matrix products of forward and backward: 6 per token and weight, and 12 per token,
 * token attended to and hidden unit. Embeddings, norms, activations and the optimizer count nothing.
 */
export const stepFlops = ({ batch, tokens, hidden, feedForward, layers }: StepShape): number =>
  6 * batch * tokens * layers * (4 * hidden * hidden + 2 * hidden * feedForward) +
  12 * layers * batch * tokens * tokens * hidden;

/** Words that the step's embedding has: few, so that the encoder is what is measured. The peer has as many. */
const VOCABULARY = 1024;

/** A BERT of this shape with one dropout probability everywhere; config.json's other values are bert-base's. */
export const encoderConfig = (
  shape: StepShape,
  dropout: number,
  vocabulary = VOCABULARY,
  positions = shape.tokens,
): EncoderConfig =>
  parseEncoderConfig({
    model_type: 'bert',
    vocab_size: vocabulary,
    hidden_size: shape.hidden,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    intermediate_size: shape.feedForward,
    hidden_act: 'gelu',
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
    max_position_embeddings: positions,
    type_vocab_size: 2,
    initializer_range: 0.02,
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
  });

/** The step's training plan: Σ(hidden states · `arriving`), so that the gradient that arrives is given, with AdamW. */
export function encoderPlan(config: EncoderConfig): Plan {
  return compile(
    {
      build(mode) {
        const drop = mode === 'train' ? trainingDropout() : noDropout;
        const inputs = Object.fromEntries(
          Object.entries(encoderInputTypes).map(([name, type]) => [
            name,
            input(name, type.dtype, type.shape),
          ]),
        ) as Record<keyof typeof encoderInputTypes, Value>;
        const arriving = input('arriving', 'float32', ['tokens', config.hidden_size]);
        const { hidden } = architectures.bert.encode(parameterRoot(), config, inputs, drop);
        const { first_token: _, ...used } = inputs;
        return {
          inputs: [...Object.values(used), arriving, ...drop.inputs],
          sum: reduceSum(mul(hidden, arriving)),
          weight: constant(1),
        };
      },
    },
    { initial: (name, shape) => initializeParameter({ name, shape }, config, 1), optimizer: {} },
  );
}

/**
 * Batches of full rows, packed without rounding: `batch · tokens + 1` rows, the last one filler. All updates see the same
 * rows; only dropout is drawn anew, which is part of a step's work.
 */
export function encoderBatches(shape: StepShape, inputs: readonly TensorInfo[]): (update: number) => Batch {
  const sequences = Array.from({ length: shape.batch }, (_, b) => ({
    input_ids: Array.from({ length: shape.tokens }, (_, t) => (b * 31 + t * 7) % VOCABULARY),
    token_type_ids: new Array<number>(shape.tokens).fill(0),
  }));
  const packed = packSequences(sequences, {
    padId: 0,
    mode: 'packed',
    ladder: { tokens: (count) => count, seq: (length) => length },
  });
  const rows = sequences.map((_, b) => b);
  const arriving = Float32Array.from(
    { length: packed.tokens * shape.hidden },
    (_, i) => Math.sin(i * 0.7) * 0.05,
  );
  const fixed = {
    input_ids: new Tensor('int64', [packed.tokens], packed.input_ids),
    token_type_ids: new Tensor('int64', [packed.tokens], packed.token_type_ids),
    position_ids: new Tensor('int64', [packed.tokens], packed.position_ids),
    block_index: new Tensor('int64', [packed.batch, packed.seq], packed.block_index),
    token_index: new Tensor('int64', [packed.tokens], packed.token_index),
    attention_mask: new Tensor('float32', [packed.batch, packed.seq], packed.attention_mask),
    arriving: new Tensor('float32', [packed.tokens, shape.hidden], arriving),
  };
  return (update) => {
    const drawn = Object.entries(dropoutFeeds(inputs, { ...packed, seed: 1, update, rows }));
    return {
      ...fixed,
      ...Object.fromEntries(
        drawn.map(([name, { shape, data }]) => [name, new Tensor('float32', shape, data)]),
      ),
    };
  };
}
