import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseAdapterConfig } from '../lora/adapter-config.js';
import { openAdapter } from '../lora/open-adapter.js';
import { directorySource } from './directory-source.js';
import { saveAdapter } from './save-adapter.js';

const folder = await mkdtemp(join(tmpdir(), 'adapter-'));
afterAll(() => rm(folder, { recursive: true }));
const config = parseAdapterConfig({ peft_type: 'LORA', r: 1, target_modules: ['q'] });
const trained = [
  { name: 'l.q.lora_A.weight', shape: [1, 2], data: Float32Array.of(1, 2) },
  { name: 'l.q.lora_B.weight', shape: [3, 1], data: Float32Array.of(3, 4, 5) },
];

test('a directory that opens as the adapter, with further files, and again over itself', async () => {
  const directory = join(folder, 'new', 'adapter');
  for (let time = 0; time < 2; time++)
    await saveAdapter(directory, config, trained, { 'tokenizer.json': '{}', '1_Pooling/config.json': '{}' });
  expect((await readdir(directory)).toSorted()).toEqual([
    '1_Pooling',
    'adapter_config.json',
    'adapter_model.safetensors',
    'tokenizer.json',
  ]);
  const { modules, tensors } = await openAdapter(await directorySource(directory));
  expect([...modules.keys()]).toEqual(['l.q']);
  expect([...(await tensors.read('base_model.model.l.q.lora_B.weight'))]).toEqual([3, 4, 5]);
});

test('a directory of a model is refused, and nothing is written', async () => {
  await writeFile(join(folder, 'model.safetensors'), 'weights');
  await expect(saveAdapter(folder, config, trained)).rejects.toThrow('got one that holds model.safetensors');
  expect(await readdir(folder)).not.toContain('adapter_config.json');
});
