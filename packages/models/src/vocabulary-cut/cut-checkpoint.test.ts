import { expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { memorySource } from '../file-source.js';
import { safetensorsBytes, type TensorToWrite } from '../safetensors-write.js';
import { cutCheckpoint } from './cut-checkpoint.js';

const floats = (count: number, from = 0) => Float32Array.from({ length: count }, (_, i) => from + i);
const named = (name: string, ...shape: number[]): TensorToWrite => ({
  name,
  shape,
  data: floats(shape.reduce((product, dim) => product * dim, 1)),
});
const table = named('bert.embeddings.word_embeddings.weight', 300, 2);
const config = {
  model_type: 'bert',
  vocab_size: 300,
  hidden_size: 2,
  pad_token_id: 0,
  eos_token_id: [2, 299],
  bos_token_id: -1,
};
const ids = [0, 1, 2, 5, 90, 298, 299];
const files = { 'tokenizer.json': '{"cut":true}' };

async function open(tensors: readonly TensorToWrite[], more = {}, json: object = config) {
  return openCheckpoint(
    memorySource({
      'config.json': JSON.stringify(json),
      'model.safetensors': await safetensorsBytes(tensors),
      'tokenizer.json': '{}',
      ...more,
    }),
  );
}

async function values({ data }: TensorToWrite): Promise<number[]> {
  const found = typeof data === 'function' ? await data() : data;
  const bytes = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
  return [...new Float32Array(bytes.slice().buffer)];
}

test('gathers the table and the heads that predict tokens, copies the rest, renumbers config.json', async () => {
  const checkpoint = await open(
    [
      table,
      named('cls.predictions.bias', 300),
      named('cls.predictions.decoder.weight', 300, 2),
      named('bert.pooler.dense.weight', 2, 2),
    ],
    {
      'README.md': '---\nlicense: mit\n---\n# card\nmrr 0.9',
      LICENSE: 'MIT',
      'golden.json': '{}',
      'sentencepiece.bpe.model': 'x',
      'onnx/model.onnx': 'x',
      'modules.json': '[]',
    },
  );
  const made = await cutCheckpoint(checkpoint, { ids, files });
  expect(made.config).toEqual({ ...config, vocab_size: 7, eos_token_id: [2, 6] });
  expect(made.cut).toEqual(
    ['cls.predictions.bias', 'cls.predictions.decoder.weight', table.name].sort(
      (a, b) => checkpoint.tensors.names.indexOf(a) - checkpoint.tensors.names.indexOf(b),
    ),
  );
  const of = (name: string) => made.tensors.find((tensor) => tensor.name === name)!;
  expect(of(table.name).shape).toEqual([7, 2]);
  const rows = ids.flatMap((id) => [2 * id, 2 * id + 1]);
  expect(await values(of(table.name))).toEqual(rows);
  expect(await values(of('cls.predictions.decoder.weight'))).toEqual(rows);
  expect(await values(of('cls.predictions.bias'))).toEqual(ids);
  expect(await values(of('bert.pooler.dense.weight'))).toEqual([0, 1, 2, 3]);
  expect(made.parameters).toEqual({ before: 600 + 600 + 300 + 4, after: 14 + 14 + 7 + 4 });
  expect(Object.keys(made.files).sort()).toEqual(['LICENSE', 'README.md', 'modules.json', 'tokenizer.json']);
  // What the card said of the weights before the cut is gone; the licence is not.
  expect(made.files['README.md']).toContain('license: mit\n');
  expect(made.files['README.md']).not.toMatch(/mrr|verify/);
  expect(made.files['tokenizer.json']).toBe('{"cut":true}');
  expect(made.leftOut).toEqual(['golden.json', 'sentencepiece.bpe.model', 'onnx/model.onnx']);
});

test('rows keep their dtype, bit by bit', async () => {
  const half = Uint8Array.from({ length: 300 * 2 * 2 }, (_, i) => (i * 7) % 251);
  const { tensors } = await cutCheckpoint(await open([{ ...table, dtype: 'BF16', data: half }]), {
    ids,
    files,
  });
  const { dtype, data } = tensors[0]!;
  expect(dtype).toBe('BF16');
  expect([...((await (data as () => Promise<Uint8Array>)()) as Uint8Array)]).toEqual(
    ids.flatMap((id) => [...half.subarray(id * 4, id * 4 + 4)]),
  );
});

test.each([
  [
    'a table with other rows',
    [named(table.name, 299, 2)],
    config,
    'expected 300 rows ("vocab_size" of config.json), got [299,2]',
  ],
  ['no table', [named('x.weight', 2, 2)], config, 'expected a table of embeddings [300, …]'],
  [
    'a tensor of that height under an unknown name',
    [table, named('what.weight', 300, 3)],
    config,
    'tensor "what.weight"',
  ],
  ['fewer rows than ids', [table], { ...config, vocab_size: 299 }, 'largest id 299, got 299'],
  ['no vocab_size', [table], { model_type: 'bert' }, 'expected a "vocab_size"'],
])('refuses %s', async (_, tensors, json, message) => {
  await expect(cutCheckpoint(await open(tensors, {}, json), { ids, files })).rejects.toThrow(message);
});

test('a height that another size of the config explains is no vocabulary', async () => {
  const checkpoint = await open(
    [table, named('dense.weight', 300, 2)],
    {},
    { ...config, intermediate_size: 300 },
  );
  expect((await cutCheckpoint(checkpoint, { ids, files })).cut).toEqual([table.name]);
});
