import { expect, test } from 'vitest';
import { readYaml } from './read-yaml.js';

test('YAML 1.2 values with the line they stand on', () => {
  const yaml = [
    '# a reranker',
    'lr: 5e-5',
    'mixed_precision: no',
    '',
    'fp16: True',
    'train_dataset: [a.jsonl, "b.jsonl"]',
    'val_dataset:',
    'seq: "\\n"',
  ].join('\n');
  expect(readYaml(yaml, 'training.yaml').map(({ key, value, where }) => [key, value, where])).toEqual([
    ['lr', 5e-5, 'training.yaml:2'],
    ['mixed_precision', 'no', 'training.yaml:3'],
    ['fp16', true, 'training.yaml:5'],
    ['train_dataset', ['a.jsonl', 'b.jsonl'], 'training.yaml:6'],
    ['val_dataset', null, 'training.yaml:7'],
    ['seq', '\n', 'training.yaml:8'],
  ]);
  expect(readYaml('base: &x 3\nepochs: *x\n', 'f')[1]).toMatchObject({ key: 'epochs', value: 3 });
});

test('an empty file has no settings', () => {
  for (const yaml of ['', '# nothing\n', '---\n', 'null']) expect(readYaml(yaml, 'f.yaml')).toEqual([]);
});

test.each([
  ['lr: 1\nlr: 2\n', /^f\.yaml:2: expected YAML, got an error: Map keys must be unique/],
  ['a: 1\n b: 2\n', /^f\.yaml:\d: expected YAML/],
  ['a: [1, 2\n', /^f\.yaml:\d: expected YAML/],
  ['- lr\n- 5\n', /^f\.yaml:1: expected lines of `key: value`/],
  ['just words', /^f\.yaml:1: expected lines of `key: value`/],
  ['epochs: *nowhere\n', /^f\.yaml:1: .*nowhere/],
])('%j is refused with its line', (yaml, message) => {
  expect(() => readYaml(yaml, 'f.yaml')).toThrow(message);
});
