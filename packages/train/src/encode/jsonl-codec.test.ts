import { expect, test } from 'vitest';
import { jsonlCodec } from './jsonl-codec.js';

const lines = async (codec: ReturnType<typeof jsonlCodec>, ...args: Parameters<typeof codec.encode>) =>
  new TextDecoder().decode(await codec.encode(...args)).split('\n');

test('a line per row, with its id where it has one', async () => {
  const rows = [{ text: 'a', id: 'd"1' }, { text: 'b', id: 7 }, { text: 'c' }];
  const vectors = Float32Array.of(0.5, -1, 0.1, 3e-9, 1 / 3, 0);
  expect(await lines(jsonlCodec(2), rows, vectors)).toEqual([
    '{"id":"d\\"1","vector":[0.5,-1]}',
    '{"id":7,"vector":[0.1,3e-9]}',
    '{"vector":[0.33333334,0]}',
    '',
  ]);
  expect(jsonlCodec(2).header(3)).toHaveLength(0);
});

test('every float32 comes back', async () => {
  const bits = Uint32Array.from({ length: 3000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  const vectors = new Float32Array(bits.buffer).map((value) => (Number.isFinite(value) ? value : 1));
  const [line] = await lines(jsonlCodec(vectors.length), [{ text: '' }], vectors);
  expect(Float32Array.from(JSON.parse(line!).vector)).toEqual(vectors);
});

test('what is not finite is refused', async () => {
  await expect(jsonlCodec(1).encode([{ text: '' }], Float32Array.of(Number.NaN))).rejects.toThrow(
    'vector: expected finite elements, got NaN',
  );
});
