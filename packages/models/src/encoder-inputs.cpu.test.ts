import { graphOf } from '@rag/onnx';
import { runGraph } from '@rag/onnx/testing';
import { expect, test } from 'vitest';
import { encoderInputs, lastToken } from './encoder-inputs.js';
import { packedBatch } from './testing/packed-batch.js';

test.each(['packed', 'padded'] as const)(
  'the last token of a %s sequence is its last real one',
  async (mode) => {
    const lengths = [3, 6, 1];
    const { first_token, attention_mask, seq, cells } = packedBatch(lengths, { mode, seq: 7 });
    const inputs = encoderInputs();
    const graph = graphOf([inputs.first_token, inputs.attention_mask], { rows: lastToken(inputs) });
    const { rows } = await runGraph(graph, {
      first_token: { dtype: 'int64', shape: [3], data: first_token },
      attention_mask: { dtype: 'float32', shape: [3, seq], data: attention_mask },
    });
    const last = Array.from(rows!.data as BigInt64Array, (row) => cells[Number(row)]!);
    expect(last.map(({ sequence, t }) => [sequence, t])).toEqual([
      [0, 2],
      [1, 5],
      [2, 0],
    ]);
  },
);
