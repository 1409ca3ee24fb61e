import { expect, it } from 'vitest';
import { embeddingCheckpoint } from './checkpoint-to-save.js';
import { tinyConfig, tinyHead, tinyParameters, tinyTokenizerFiles } from './testing/tiny.js';

it('the encoder in its own file, the Dense in its folder, the pooler where there is one', async () => {
  const elements = new Map(tinyParameters().map(({ name, data }) => [name, new Float32Array(data)]));
  const model = {
    config: tinyConfig({ architectures: ['BertForMaskedLM'] }),
    head: tinyHead,
    tokenizerFiles: tinyTokenizerFiles,
    read: async (name: string) => elements.get(name)!,
  };
  const { config, files, tensors } = await embeddingCheckpoint(model);
  expect(config.architectures).toEqual(['BertModel']);
  expect(Object.keys(files!)).toEqual(
    expect.arrayContaining(['tokenizer.json', 'modules.json', '2_Dense/model.safetensors']),
  );
  const names = [...tensors].map(({ name }) => name);
  expect(names.toSorted()).toEqual(
    [...elements.keys()].filter((name) => !name.startsWith('2_Dense')).toSorted(),
  );
  const pooler = new Map([['pooler.dense.bias', async () => new Float32Array(16)]]);
  const carried = await embeddingCheckpoint({ ...model, pooler });
  expect([...carried.tensors].map(({ name }) => name)).toEqual([...names, 'pooler.dense.bias']);
});
