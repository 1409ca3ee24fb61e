import { adapterFiles, memorySource, openAdapter, parseAdapterConfig } from '@rag/models';
import { expect, test } from 'vitest';
import { continuedValues } from './continued-adapter.js';

async function adapter() {
  const config = parseAdapterConfig({
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    r: 1,
    target_modules: ['q_proj'],
    modules_to_save: ['score'],
  });
  const one = (name: string, shape: number[]) => ({
    name,
    shape,
    data: Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => i + 1),
  });
  const trained = [
    one('model.layers.0.q_proj.lora_A.weight', [1, 2]),
    one('model.layers.0.q_proj.lora_B.weight', [3, 1]),
    one('score.weight', [1, 2]),
  ];
  return openAdapter(memorySource(await adapterFiles(config, trained)));
}
const read = async (values: ReturnType<typeof continuedValues>, name: string) => [
  ...(await values.get(name)!()),
];

test('values come under the names of the graph, with a prefix more or less', async () => {
  const opened = await adapter();
  const names = [
    'model.layers.0.q_proj.lora_A.weight',
    'model.layers.0.q_proj.lora_B.weight',
    'score.weight',
  ];
  const values = continuedValues(opened, names);
  expect([...values.keys()]).toEqual(names);
  expect(await read(values, names[1]!)).toEqual([1, 2, 3]);
  const bare = ['layers.0.q_proj.lora_A.weight', 'layers.0.q_proj.lora_B.weight', 'score.weight'];
  expect(await read(continuedValues(opened, bare), bare[0]!)).toEqual([1, 2]);
});

test('what one of the two does not have is named', async () => {
  const opened = await adapter();
  expect(() => continuedValues(opened, ['score.weight'])).toThrow(
    'expected parameters of the model that is trained, got one that it does not have',
  );
  const more = ['q_proj', 'k_proj'].flatMap((name) => [
    `model.layers.0.${name}.lora_A.weight`,
    `model.layers.0.${name}.lora_B.weight`,
  ]);
  expect(() => continuedValues(opened, more)).toThrow(
    'expected model.layers.0.k_proj.lora_A.weight, which its config names, got none',
  );
});
