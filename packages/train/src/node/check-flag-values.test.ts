import { Command } from 'commander';
import { expect, test } from 'vitest';
import { checkFlagValues, flagsOf } from './check-flag-values.js';

const program = new Command('rag').addCommand(
  new Command('train').addCommand(
    new Command('reranker')
      .option('--dataset <file...>')
      .option('--lr <number>')
      .option('--shuffle [true|false]')
      .option('--overwrite'),
  ),
);
const check = (...args: string[]) => checkFlagValues(program, ['train', 'reranker', ...args]);

test('a flag is no value of the flag before it', () => {
  expect(() => check('--dataset', '--lr', '1')).toThrow(
    '--dataset: expected <file...> behind it, got the flag --lr — pass --dataset <file...>, or --dataset=--lr if that is meant',
  );
  expect(() => check('--lr', '1', '--lr', '--overwrite')).toThrow('--lr: expected <number> behind it');
});

test('values, flags that need none, and what only looks like a flag pass', () => {
  check('--dataset', 'a', 'b', '--lr', '-1');
  check('--shuffle', '--overwrite', '--lr', '1');
  check('--dataset=--lr', '--lr', '--unknown');
  check('--lr');
  checkFlagValues(program, ['--lr', '--dataset']);
  checkFlagValues(program, []);
});

test('flags are those of the command that was asked for', () => {
  const flags = ['--dataset', '--lr', '--shuffle', '--overwrite'];
  expect([...flagsOf(program, ['train', 'reranker', 'train']).keys()]).toEqual(flags);
  expect(flagsOf(program, ['train', '--lr']).size).toBe(0);
});
