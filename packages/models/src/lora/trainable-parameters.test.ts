import { describe, expect, test } from 'vitest';
import {
  describeTrainable,
  frozenStorage,
  type TrainableOptions,
  trainableParameters,
} from './trainable-parameters.js';

const parameters = [
  { name: 'bert.embeddings.word_embeddings.weight', shape: [100, 4] },
  { name: 'bert.encoder.layer.0.query.weight', shape: [4, 4] },
  { name: 'bert.encoder.layer.0.query.bias', shape: [4] },
  { name: 'bert.encoder.layer.0.query.lora_A.weight', shape: [2, 4] },
  { name: 'bert.encoder.layer.0.query.lora_B.weight', shape: [4, 2] },
  { name: 'bert.encoder.layer.0.LayerNorm.bias', shape: [4] },
  { name: 'classifier.weight', shape: [1, 4] },
  { name: 'classifier.bias', shape: [1] },
];
const plain = parameters.filter(({ name }) => !name.includes('lora'));
const chosen = (options: TrainableOptions) => {
  const { names, trained, total } = trainableParameters(options.lora ? parameters : plain, options);
  return { names: [...names].map((name) => name.split('.').slice(-2).join('.')), trained, total };
};

describe('with LoRA', () => {
  const lora = { r: 2, target_modules: ['query'] };
  const adapters = ['lora_A.weight', 'lora_B.weight'];
  test.each<[object, string[], number]>([
    [{}, adapters, 16],
    [{ modules_to_save: ['classifier', 'score'] }, [...adapters, 'classifier.weight', 'classifier.bias'], 21],
    [{ bias: 'lora_only' }, ['query.bias', ...adapters], 20],
    [{ bias: 'all' }, ['query.bias', ...adapters, 'LayerNorm.bias', 'classifier.bias'], 25],
  ])('%j', (options, names, trained) => {
    expect(chosen({ lora: { ...lora, ...options } })).toEqual({ names, trained, total: 445 });
  });

  test('patterns and unknown modules are refused', () => {
    expect(() => chosen({ lora, freeze: ['bert'] })).toThrow(
      'freeze: expected no patterns beside LoRA, which freezes the model, got "bert"',
    );
    expect(() => chosen({ lora: { ...lora, modules_to_save: ['score'] } })).toThrow(
      'modules_to_save: expected modules of the model, got "score"',
    );
  });
});

describe('by patterns', () => {
  const all = [
    'word_embeddings.weight',
    'query.weight',
    'query.bias',
    'LayerNorm.bias',
    'classifier.weight',
    'classifier.bias',
  ];
  test.each<[TrainableOptions, string[]]>([
    [{}, all],
    [{ freeze: ['embeddings'] }, all.slice(1)],
    [{ freeze: ['bert'], trainable: ['*.bias'] }, all.slice(2)],
    [{ trainable: ['classifier'] }, all.slice(4)],
  ])('%j', (options, names) => {
    expect(chosen(options).names).toEqual(names);
  });

  test('a pattern that fits nothing, or everything, is refused', () => {
    expect(() => chosen({ freeze: ['embedings'] })).toThrow(
      `freeze: expected a pattern of the model's parameters (bert.embeddings.word_embeddings.weight, bert.encoder.layer.0.query.weight, bert.encoder.layer.0.query.bias, …), got "embedings", which fits none`,
    );
    expect(() => chosen({ freeze: ['*'] })).toThrow(
      'freeze: expected some parameters to train, got none of them',
    );
  });
});

test('the count is said in words', () => {
  expect(describeTrainable({ trained: 1473, total: 24065 })).toBe(
    'trained 1,473 of 24,065 parameters (6.12 %)',
  );
  expect(describeTrainable({ trained: 100, total: 10_000_000 })).toBe(
    'trained 100 of 10,000,000 parameters (0.0010 %)',
  );
});

test('frozen matrices are stored narrow, all else is not', () => {
  const storage = frozenStorage('int4', (name) => name.includes('lora_'));
  expect(parameters.map(({ name, shape }) => storage(name, shape))).toEqual([
    'int4',
    'int4',
    'float32',
    'float32',
    'float32',
    'float32',
    'int4',
    'float32',
  ]);
});
