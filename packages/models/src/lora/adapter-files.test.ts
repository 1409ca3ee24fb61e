import { expect, test } from 'vitest';
import { parseAdapterConfig } from './adapter-config.js';
import { adapterTensors } from './adapter-files.js';

const config = parseAdapterConfig({
  peft_type: 'LORA',
  r: 1,
  target_modules: ['q'],
  modules_to_save: ['classifier'],
  bias: 'lora_only',
});
const parameter = (name: string) => ({ name, shape: [1], data: new Float32Array(1) });
const names = (given: string[], bias: 'none' | 'all' | 'lora_only') =>
  adapterTensors({ ...config, bias }, given.map(parameter)).map(({ name }) => name);

test('names are PEFT’s', () => {
  const lora = ['l.q.lora_A.weight', 'l.q.lora_B.weight'];
  const written = lora.map((name) => `base_model.model.${name}`);
  expect(names([...lora, 'classifier.weight', 'classifier.bias'], 'none')).toEqual([
    ...written,
    'base_model.model.classifier.weight',
    'base_model.model.classifier.bias',
  ]);
  expect(names([...lora, 'l.q.bias'], 'lora_only')).toEqual([
    ...written,
    'base_model.model.l.q.base_layer.bias',
  ]);
  expect(names([...lora, 'l.k.bias'], 'all')).toEqual([...written, 'base_model.model.l.k.bias']);
});

test('a parameter that the config does not train is refused', () => {
  expect(() => names(['l.q.weight'], 'all')).toThrow(
    'l.q.weight: expected a parameter of LoRA, of modules_to_save or a trained bias',
  );
  expect(() => names(['l.k.bias'], 'lora_only')).toThrow('l.k.bias: expected a parameter of LoRA');
});
