import { encoderInputTypes } from '@rag/models';
import { packSequences } from '@rag/text';
import { expect, test } from 'vitest';
import { encoderTensors } from './encoder-tensors.js';

test.each(['packed', 'padded'] as const)(
  'a %s batch has every input of an encoder, in its type and sizes',
  (mode) => {
    const sequences = [
      { input_ids: [2, 7, 8, 3], token_type_ids: [0, 0, 1, 1] },
      { input_ids: [2, 3], token_type_ids: [0, 0] },
    ];
    const packed = packSequences(sequences, { padId: 0, mode });
    const sizes: Record<string, number> = { batch: 2, seq: packed.seq, tokens: packed.tokens };
    const tensors = encoderTensors(packed);
    expect(
      Object.fromEntries(Object.entries(tensors).map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(encoderInputTypes).map(([name, { dtype, shape }]) => [
          name,
          { dtype, shape: shape.map((size) => sizes[size]) },
        ]),
      ),
    );
    for (const [name, { data }] of Object.entries(tensors)) expect(data).toBe(packed[name as 'input_ids']);
  },
);
