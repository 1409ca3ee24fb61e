import { expect, test } from 'vitest';
import { checkFileInputs, type GraphSlot, paddedFeeds } from './padded-feeds.js';

const slot = (name: string, dtype = 'int64', shape: GraphSlot['shape'] = ['batch', 'seq']): GraphSlot => ({
  name,
  dtype,
  shape,
});
const BERT = { model_type: 'bert', max_position_embeddings: 16, pad_token_id: 0 } as const;
const ROBERTA = { model_type: 'roberta', max_position_embeddings: 18, pad_token_id: 1 } as const;

/** Sequences [5 6 7] and [8], packed into blocks of 4 columns; the row 5 is filler and has the padding's id 9. */
const packed = {
  input_ids: { dtype: 'int64', shape: [6], data: [5, 6, 7, 8, 9, 9] },
  token_type_ids: { dtype: 'int64', shape: [6], data: [0, 1, 1, 0, 0, 0] },
  position_ids: { dtype: 'int64', shape: [6], data: [0, 1, 2, 0, 0, 0] },
  block_index: { dtype: 'int64', shape: [2, 4], data: [0, 1, 2, 5, 3, 5, 5, 5] },
  token_index: { dtype: 'int64', shape: [6], data: [0, 1, 2, 4, 3, 3] },
  attention_mask: { dtype: 'float32', shape: [2, 4], data: [1, 1, 0, 0, 1, 0, 0, 0] },
};

const feed = (inputs: GraphSlot[], config: Parameters<typeof paddedFeeds>[2] = BERT) =>
  Object.fromEntries(
    Object.entries(paddedFeeds(inputs, packed, config).feeds).map(([name, { data, shape, dtype }]) => [
      name,
      { dtype, shape, data: Array.from(data as ArrayLike<number>, Number) },
    ]),
  );

test('padded at the end to the longest, the mask as the batch has it, only what the graph asks for', () => {
  const asked = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'].map((name) => slot(name));
  expect(feed(asked)).toEqual({
    input_ids: { dtype: 'int64', shape: [2, 3], data: [5, 6, 7, 8, 9, 9] },
    attention_mask: { dtype: 'int64', shape: [2, 3], data: [1, 1, 0, 1, 0, 0] },
    token_type_ids: { dtype: 'int64', shape: [2, 3], data: [0, 1, 1, 0, 0, 0] },
    position_ids: { dtype: 'int64', shape: [2, 3], data: [0, 1, 2, 0, 1, 2] },
  });
  expect(Object.keys(feed(asked.slice(0, 2)))).toEqual(['input_ids', 'attention_mask']);
  expect(feed([slot('input_ids', 'int32'), slot('attention_mask', 'float16')])).toMatchObject({
    input_ids: { dtype: 'int32', data: [5, 6, 7, 8, 9, 9] },
    attention_mask: { dtype: 'float16', data: [0x3c00, 0x3c00, 0, 0x3c00, 0, 0] },
  });
});

test('RoBERTa counts positions from behind the padding', () => {
  expect(feed([slot('position_ids')], ROBERTA).position_ids!.data).toEqual([2, 3, 4, 2, 1, 1]);
});

test('cells become rows of the packed batch', () => {
  const { rows } = paddedFeeds([slot('input_ids')], packed, BERT);
  const cells = Float32Array.from({ length: 12 }, (_, i) => i);
  expect([...rows(cells, 2)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0]);
});

test.each([
  [[slot('input_ids'), slot('attention_mask'), slot('task_id')], 'got also "task_id"'],
  [[slot('input_ids')], 'expected an input "attention_mask", got input_ids'],
  [[slot('input_ids', 'uint8'), slot('attention_mask')], 'expected "input_ids" of int64, int32'],
  [[slot('input_ids', 'int64', [1, 128]), slot('attention_mask')], 'of any batch and length, got [1, 128]'],
])('a graph that cannot be fed is refused', (inputs, message) => {
  expect(() => checkFileInputs('onnx/model.onnx', inputs)).toThrow(message);
});
