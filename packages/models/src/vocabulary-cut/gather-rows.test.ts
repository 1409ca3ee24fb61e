import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { memorySource } from '../file-source.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { gatherRows } from './gather-rows.js';

const ROWS = 20_000;
const data = Float32Array.from({ length: ROWS * 3 }, (_, i) => i);
const { source, tensors } = await openCheckpoint(
  memorySource({
    'config.json': '{}',
    'model.safetensors': await safetensorsBytes([
      { name: 'before', shape: [5], data: new Float32Array(5) },
      { name: 'table', shape: [ROWS, 3], data },
    ]),
  }),
);

test.each([
  ['next to each other', [0, 1, 2]],
  ['all', Array.from({ length: ROWS }, (_, i) => i)],
  ['with gaps of every size', Array.from({ length: 199 }, (_, i) => (i * (i + 1)) / 2)],
  ['the last', [ROWS - 1]],
])('rows %s, wherever their bytes lie', async (_, ids) => {
  const wanted = ids.flatMap((id) => [3 * id, 3 * id + 1, 3 * id + 2]);
  const read = async (index: typeof tensors) => {
    const tensor = gatherRows(source, index, 'table', ids);
    expect(tensor.shape).toEqual([ids.length, 3]);
    const found = await (tensor.data as () => Promise<Uint8Array | Float32Array>)();
    return [...(found instanceof Float32Array ? found : new Float32Array(found.buffer))];
  };
  expect(await read(tensors)).toEqual(wanted);
  expect(await read({ ...tensors, location: () => undefined })).toEqual(wanted);
});
