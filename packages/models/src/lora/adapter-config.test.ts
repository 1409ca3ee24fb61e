import { describe, expect, it, test } from 'vitest';
import { adapterConfigText, parseAdapterConfig } from './adapter-config.js';

const plain = {
  peft_type: 'LORA',
  r: 8,
  lora_alpha: 16,
  target_modules: ['query'],
  base_model_name_or_path: 'org/base',
  task_type: 'SEQ_CLS',
};

test('an old file means PEFT’s defaults', () => {
  expect(parseAdapterConfig({ peft_type: 'LORA', r: 8 })).toEqual({
    r: 8,
    lora_alpha: 8,
    lora_dropout: 0,
    use_rslora: false,
    target_modules: [],
    exclude_modules: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: {},
    alpha_pattern: {},
    modules_to_save: null,
    bias: 'none',
    base_model_name_or_path: null,
    revision: null,
    task_type: null,
  });
});

test('what is written is read again, with its keys in PEFT’s order', () => {
  const config = parseAdapterConfig({
    ...plain,
    rank_pattern: { query: 4 },
    modules_to_save: ['classifier'],
  });
  const text = adapterConfigText(config);
  expect(parseAdapterConfig(JSON.parse(text))).toEqual(config);
  const keys = Object.keys(JSON.parse(text));
  expect(keys).toEqual(keys.toSorted());
  expect(text.startsWith('{\n  "alpha_pattern": {},\n')).toBe(true);
});

describe('a config that is refused names its file and key', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ peft_type: 'IA3' }, 'adapter_config.json: "peft_type": expected "LORA", got "IA3"'],
    [{ peft_type: undefined }, 'adapter_config.json: "peft_type": expected "LORA", got nothing'],
    [{ use_dora: true }, 'adapter_config.json: "use_dora": expected plain LoRA, got true'],
    [{ fan_in_fan_out: true }, '"fan_in_fan_out": expected plain LoRA, got true'],
    [{ lora_bias: true }, '"lora_bias": expected plain LoRA'],
    [{ layer_replication: [[0, 4]] }, '"layer_replication": expected plain LoRA, got [[0,4]]'],
    [{ trainable_token_indices: [1] }, '"trainable_token_indices": expected plain LoRA'],
    [{ an_option_of_tomorrow: 3 }, '"an_option_of_tomorrow": expected plain LoRA, got 3'],
    [
      { init_lora_weights: 'pissa_niter_4' },
      '"init_lora_weights": expected a start that leaves the base model as it is',
    ],
    [{ r: 0 }, 'adapter_config.json: "r" expected a positive whole number, got 0'],
    [{ r: -8 }, '"r" expected a positive whole number, got -8'],
    [{ r: 2.5 }, '"r" expected a positive whole number, got 2.5'],
    [{ r: '8' }, '"r" expected a positive whole number, got "8"'],
    [{ lora_alpha: 'NaN' }, '"lora_alpha" expected a finite number, got "NaN"'],
    [{ lora_alpha: Number.NaN }, '"lora_alpha" expected a finite number'],
    [{ lora_dropout: 1 }, '"lora_dropout" expected a probability in [0, 1), got 1'],
    [{ rank_pattern: { query: 0 } }, '"rank_pattern" expected an object, each a positive whole number'],
    [{ alpha_pattern: [1] }, '"alpha_pattern" expected an object, each a finite number or null, got [1]'],
    [{ target_modules: [''] }, '"target_modules" expected a list, each a name or a name or null'],
    [{ bias: 'some' }, '"bias" expected one of none, all, lora_only, got "some"'],
    [{ task_type: 'RERANK' }, '"task_type" expected one of SEQ_CLS'],
    [{ layers_to_transform: [-1] }, '"layers_to_transform" expected a list'],
  ])('%j', (options, message) => {
    expect(() => parseAdapterConfig({ ...plain, ...options })).toThrow(message);
  });
});
