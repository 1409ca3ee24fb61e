import { expect, test } from 'vitest';
import { flatConfig } from './flat-config.js';

test('nested settings by their path', () => {
  const config = {
    lr: 1e-5,
    model: { name: '模型', head: { size: 2 } },
    list: [1, { a: 2 }],
    none: null,
    gone: undefined,
  };
  expect([...flatConfig(config)]).toEqual([
    ['lr', 1e-5],
    ['model.name', '模型'],
    ['model.head.size', 2],
    ['list', '[1,{"a":2}]'],
    ['none', 'null'],
  ]);
});

test('refuses settings that hold themselves', () => {
  const inner: Record<string, unknown> = {};
  inner.self = inner;
  expect(() => flatConfig({ inner })).toThrow('inner.self: expected settings that end');
});
