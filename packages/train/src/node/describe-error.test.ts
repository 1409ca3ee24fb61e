import { Command } from 'commander';
import { expect, test } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import { describeError, exitCodeOf } from './describe-error.js';
import { InterruptedError } from './interrupt.js';

const command = () =>
  new Command('x')
    .argument('<model>')
    .requiredOption('--query <text>', 'asked')
    .option('--lr <x>', 'rate')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
const failure = (...args: string[]): unknown => {
  try {
    return command().parse(args, { from: 'user' });
  } catch (error) {
    return error;
  }
};

test.each([
  [
    ['m', '--query', 'q', '--rl', '1'],
    '--rl: expected a known flag, got none of this name — did you mean --lr?',
  ],
  // A second spelling, which help leaves out.
  [
    ['m', '--query', 'q', '--learning_rat'],
    '--learning_rat: expected a known flag, got none of this name — did you mean --learning_rate?',
  ],
  [['m', '--query', 'q', '--zzzzzz'], '--zzzzzz: expected a known flag, got none of this name — see --help'],
  [['m'], '--query: expected <text>, got none — pass --query <text>'],
  [['m', '--query'], '--query: expected <text> behind it, got nothing — pass --query <text>'],
  [['--query', 'q'], '<model>: expected one, got none — see --help'],
  [
    ['m', '--query', 'why', 'is', 'it'],
    'arguments: expected 1 beside flags, got 3 — put values behind their flags, texts with blanks in quotes',
  ],
])('%j: usage', (args, message) => {
  const error = failure(...args);
  expect([describeError(error, ['--query', '--lr', '--learning_rate']), exitCodeOf(error)]).toEqual([
    message,
    2,
  ]);
});

test('help is no error', () => {
  expect(exitCodeOf(failure('--help'))).toBe(0);
});

test.each([
  [new ConfigError('--lr', 'lr', 'expected a number'), 2, '--lr: expected a number'],
  [new Error('two\n  lines\n'), 1, 'two lines'],
  [new TypeError(''), 1, 'TypeError'],
  ['thrown', 1, 'thrown'],
  [new Error('kept', { cause: new InterruptedError('stop') }), 130, 'kept'],
])('%s', (error, code, text) => {
  expect([exitCodeOf(error), describeError(error)]).toEqual([code, text]);
});
