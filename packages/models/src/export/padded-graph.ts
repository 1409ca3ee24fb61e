import {
  add,
  argMax,
  cast,
  concat,
  constant,
  div,
  type Graph,
  gather,
  gatherElements,
  graphOf,
  input,
  max,
  mul,
  pow,
  range,
  reciprocal,
  reduceMean,
  reshape,
  reshapeLike,
  rewrite,
  shapeOf,
  slice,
  sqrt,
  squeeze,
  sub,
  unsqueeze,
  type Value,
  zerosLike,
} from '@rag/onnx';
import type { EncoderConfig } from '../config.js';
import type { EncoderInputs } from '../encoder-inputs.js';

/** What a graph over padded inputs is written with. */
export interface PaddedPlaces {
  /** The packed batch whose rows are all cells of the block, padding included: row b·seq + s is cell (b, s). */
  readonly inputs: EncoderInputs;
  /** Rows [batch·seq, width] as [batch, seq, width]. */
  blocks(rows: Value): Value;
}

/**
 * A serving graph as other tools feed it: int64 [batch, seq] `input_ids`, `attention_mask` and, for a model that tells segments
 * apart, `token_type_ids` (transformers, optimum and transformers.js name them so). It is the architecture's own graph; the places of
 * a packed batch follow from the mask inside it, and the gathers between rows and blocks are reshapes. Padding may stand on either
 * side: positions count from a sequence's first real token.
 * @param build the outputs from a packed batch, as for a serving graph
 */
export function paddedGraph(
  { type_vocab_size }: Pick<EncoderConfig, 'type_vocab_size'>,
  build: (places: PaddedPlaces) => Readonly<Record<string, Value>>,
): Graph {
  const declared = (name: string) => input(name, 'int64', ['batch', 'seq']);
  const [ids, mask] = [declared('input_ids'), declared('attention_mask')];
  const types = type_vocab_size > 1 ? declared('token_type_ids') : undefined;
  const flat = (block: Value) => reshape(block, [-1]);
  const cells = range(length(flat(ids), 0));
  const block_index = reshapeLike(cells, ids);
  const attention_mask = cast(mask, 'float32');
  /** The column of each sequence's first real token, [batch, 1]. */
  const first = argMax(attention_mask, 1, true);
  const columns = unsqueeze(range(length(ids, 1)), [0]);
  const inputs: EncoderInputs = {
    input_ids: flat(ids),
    token_type_ids: types ? flat(types) : zerosLike(flat(ids)),
    position_ids: flat(max(sub(columns, first), constant(0, 'int64'))),
    block_index,
    token_index: cells,
    attention_mask,
    first_token: squeeze(gatherElements(block_index, first, 1), [1]),
  };
  const outputs = build({ inputs, blocks: (rows) => gather(rows, block_index) });
  const reshaped = rewrite(Object.values(outputs), ({ op, inputs: before, attributes }, operands) => {
    if (op.opType === 'SimplifiedLayerNormalization')
      return plainRmsNorm(operands[0]!, operands[1]!, attributes.epsilon as number);
    if (op.opType !== 'Gather' || attributes.axis !== 0) return undefined;
    const rows = operands[0]!;
    if (before[1] === cells) return [rows];
    if (before[1] !== block_index || rows.shape[0] !== cells.shape[0]) return undefined;
    const widths = rows.shape.slice(1) as number[];
    const shape = widths.length > 0 ? concat([shapeOf(ids), constant(widths, 'int64')], 0) : shapeOf(ids);
    return [reshape(rows, shape)];
  });
  const names = Object.keys(outputs);
  return graphOf(
    types ? [ids, mask, types] : [ids, mask],
    Object.fromEntries(names.map((name, i) => [name, reshaped[i]!])),
  );
}

/** The length of an axis, an int64 scalar. */
const length = (x: Value, axis: number): Value => squeeze(slice(shapeOf(x), [axis], [axis + 1], [0]), [0]);

/**
 * RMS normalization in ops of ai.onnx, which lacks one before opset 23: y and 1/rms. ONNX Runtime puts its own op back for y where it
 * optimizes.
 */
function plainRmsNorm(x: Value, scale: Value, epsilon: number): readonly [Value, Value] {
  const rms = sqrt(add(reduceMean(pow(x, 2), [-1], true), epsilon));
  return [mul(div(x, rms), scale), reciprocal(rms)];
}
