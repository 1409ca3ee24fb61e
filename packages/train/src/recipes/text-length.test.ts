import { expect, test } from 'vitest';
import { textLength } from './text-length.js';

const config = { model_type: 'bert', max_position_embeddings: 64 } as never;
const lengthOf = (length: number, source?: string) => {
  const said: string[] = [];
  return [textLength('max_len', length, source, config, (line) => said.push(line)), ...said];
};

test('what fits is taken, a default is cut to the positions, a setting is refused', () => {
  expect(lengthOf(64, '--max_len')).toEqual([64]);
  expect(lengthOf(512)).toEqual([64, 'max_len: 64, the positions that the model has']);
  expect(() => lengthOf(65, '--max_len')).toThrow(
    '--max_len: expected max_len up to 64, the positions that the model has, got 65 — lower it',
  );
});
