import { describe, expect, it, test } from 'vitest';
import { type LoraConfig, loraScale } from './lora-config.js';
import { checkTargets, isTarget } from './target-modules.js';

const modules = [
  ...[0, 1, 11].flatMap((i) =>
    ['attention.self.query', 'attention.self.key', 'output.dense'].map(
      (name) => `bert.encoder.layer.${i}.${name}`,
    ),
  ),
  'bert.pooler.dense',
  'classifier',
];
const chosen = (options: Partial<LoraConfig>) =>
  modules.filter((module) => isTarget({ r: 8, target_modules: [], ...options }, module));

describe('target_modules', () => {
  // Each line's modules are those that PEFT 0.21 gives an adapter: scripts/golden/peft-lora.py prints them.
  it.each<[Partial<LoraConfig>, string[]]>([
    [{ target_modules: ['query'] }, [0, 1, 11].map((i) => `bert.encoder.layer.${i}.attention.self.query`)],
    [{ target_modules: ['uery'] }, []],
    [{ target_modules: ['classifier'] }, ['classifier']],
    [{ target_modules: ['classifier'], modules_to_save: ['classifier'] }, []],
    [{ target_modules: ['layer.1.output.dense'] }, ['bert.encoder.layer.1.output.dense']],
    [
      { target_modules: '.*layer\\.1\\..*(query|key)' },
      ['bert.encoder.layer.1.attention.self.query', 'bert.encoder.layer.1.attention.self.key'],
    ],
    [{ target_modules: 'query' }, []],
    [
      { target_modules: ['query', 'key'], layers_to_transform: 1 },
      ['bert.encoder.layer.1.attention.self.query', 'bert.encoder.layer.1.attention.self.key'],
    ],
    [
      { target_modules: ['query'], layers_to_transform: [0, 11], layers_pattern: 'layer' },
      [0, 11].map((i) => `bert.encoder.layer.${i}.attention.self.query`),
    ],
    [{ target_modules: ['query'], layers_to_transform: [0], layers_pattern: ['layers'] }, []],
    [
      { target_modules: ['query', 'dense'], exclude_modules: ['pooler.dense', 'query'] },
      [0, 1, 11].map((i) => `bert.encoder.layer.${i}.output.dense`),
    ],
    [{ target_modules: ['dense'], exclude_modules: '.*layer.*' }, ['bert.pooler.dense']],
  ])('%j', (options, expected) => {
    expect(chosen(options)).toEqual(expected);
  });

  test('all-linear leaves out the head, and what is saved whole', () => {
    expect(chosen({ target_modules: 'all-linear' })).toEqual(modules.slice(0, -1));
    expect(chosen({ target_modules: 'all-linear', modules_to_save: ['pooler'] })).toEqual(
      modules.slice(0, -2),
    );
  });

  test('targets that no layer is are refused', () => {
    const check = (options: Partial<LoraConfig>) => () =>
      checkTargets({ r: 8, target_modules: [], ...options }, modules);
    expect(check({ target_modules: ['query', 'q_proj'] })).toThrow(
      'target_modules: expected linear layers of the model (attention.self.query, attention.self.key, output.dense, bert.pooler.dense, classifier), got "q_proj"',
    );
    expect(check({ target_modules: ['query'], exclude_modules: ['query'] })).toThrow(
      'got none that is left after',
    );
    expect(check({ target_modules: '.*q_proj' })).toThrow('got ".*q_proj"');
    expect(check({ target_modules: ['query'] })).not.toThrow();
  });
});

describe('rank and scaling', () => {
  const config: LoraConfig = {
    r: 8,
    lora_alpha: 16,
    target_modules: ['query'],
    rank_pattern: { 'layer.1.attention.self.query': 4, 'bert\\.encoder\\.layer\\.\\d+\\.output\\.dense': 2 },
    alpha_pattern: { query: 32 },
  };
  it.each([
    ['bert.encoder.layer.0.attention.self.key', 8, 2],
    ['bert.encoder.layer.1.attention.self.query', 4, 8],
    ['bert.encoder.layer.11.attention.self.query', 8, 4],
    ['bert.encoder.layer.3.output.dense', 2, 8],
  ])('%s', (module, rank, scaling) => {
    expect(loraScale(config, module)).toEqual({ rank, scaling });
  });

  test('rslora divides by the root', () => {
    expect(loraScale({ ...config, r: 16, use_rslora: true }, 'x')).toEqual({ rank: 16, scaling: 4 });
  });

  test('hostile numbers and patterns are refused', () => {
    expect(() => loraScale({ ...config, r: 0 }, 'x')).toThrow(
      'r: expected a positive whole number for x, got 0',
    );
    expect(() => loraScale({ ...config, lora_alpha: Number.NaN }, 'x')).toThrow(
      'lora_alpha: expected a finite number',
    );
    expect(() => loraScale({ ...config, rank_pattern: { '(a+)+$': 2 } }, 'x')).toThrow(
      'rank_pattern: expected a regular expression of at most 512 characters, no group of it repeated',
    );
    expect(() => loraScale({ ...config, rank_pattern: { '(': 2 } }, 'x')).toThrow(
      'rank_pattern: expected a regular expression, got "("',
    );
  });
});
