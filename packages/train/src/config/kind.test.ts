import { describe, expect, test } from 'vitest';
import {
  anyText,
  checkpointPlace,
  choice,
  choices,
  flag,
  type Kind,
  paths,
  positiveNumber,
  share,
  text,
  wholeNumber,
} from './kind.js';

const accepted = (kind: Kind<unknown, unknown>, value: unknown): unknown => {
  const result = kind.schema.safeParse(value);
  return result.success ? result.data : 'refused';
};

test('numbers: text of a flag becomes one only where it is one', () => {
  const count = wholeNumber(2);
  expect(['3', '5e-5', '-2', '.5', '1e3'].map((value) => count.fromText(value))).toEqual([
    3, 5e-5, -2, 0.5, 1000,
  ]);
  for (const odd of ['', 'fast', '0x10', '1_000', 'Infinity', 'NaN', '3 ', '1e'])
    expect(count.fromText(odd)).toBe(odd);
  expect([2, 7].map((value) => accepted(count, value))).toEqual([2, 7]);
  for (const value of [1, 2.5, '3', Number.NaN, null]) expect(accepted(count, value)).toBe('refused');
  for (const value of [0, -1, Number.POSITIVE_INFINITY])
    expect(accepted(positiveNumber, value)).toBe('refused');
  expect([-0.1, 0, 1, 1.1].map((value) => accepted(share, value))).toEqual(['refused', 0, 1, 'refused']);
});

test('booleans: true and false, 1 and 0, and Python’s spelling in flags', () => {
  expect(['true', 'True', '1', 'False', '0'].map((value) => flag.fromText(value))).toEqual([
    ...[true, true, true, false, false],
  ]);
  expect(flag.fromText('yes')).toBe('yes');
  expect([true, 1, false, 0].map((value) => accepted(flag, value))).toEqual([true, true, false, false]);
  for (const value of ['true', 2, 'yes', null]) expect(accepted(flag, value)).toBe('refused');
});

test('choices: a name or an alias of it', () => {
  const kind = choice(['cosine', 'linear'], { warmup_stable_decay: 'cosine' });
  expect(accepted(kind, 'linear')).toBe('linear');
  expect(accepted(kind, 'warmup_stable_decay')).toBe('cosine');
  for (const odd of ['toString', 'Cosine', '']) expect(accepted(kind, odd)).toBe('refused');
  expect(kind.expected).toBe('one of cosine, linear, warmup_stable_decay');
});

test('paths: one or several; texts', () => {
  expect(accepted(paths, 'a')).toEqual(['a']);
  expect(accepted(paths, ['a', 'b'])).toEqual(['a', 'b']);
  for (const odd of ['', [], [''], [1], {}]) expect(accepted(paths, odd)).toBe('refused');
  expect([accepted(text, ''), accepted(anyText, ''), accepted(text, 1)]).toEqual(['refused', '', 'refused']);
});

describe('choices', () => {
  const kind = choices(['jsonl', 'wandb']);
  test.each([
    ['none', []],
    [[], []],
    ['wandb', ['wandb']],
    ['wandb, jsonl', ['wandb', 'jsonl']],
    [['jsonl', 'jsonl'], ['jsonl']],
  ])('%j are %j', (given, names) => {
    expect(kind.schema.parse(given)).toEqual(names);
  });
  test.each(['', 'none,wandb', 'comet', 3])('%j are none', (given) => {
    expect(kind.schema.safeParse(given).success).toBe(false);
  });
});

test('a checkpoint is a directory, the latest, or none', () => {
  const { schema, fromText } = checkpointPlace;
  const read = (given: unknown) => schema.safeParse(given).data;
  expect([true, 'latest', 'a/b', false, '', 3].map(read)).toEqual([
    ...['latest', 'latest', 'a/b', undefined, undefined, undefined],
  ]);
  expect(['True', 'false', 'a/b'].map(fromText)).toEqual([true, false, 'a/b']);
});
