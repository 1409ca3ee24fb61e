import { FileSourceError, ModelKindError, OptionError, ParameterMatchError } from '@rag/models';
import { expect, test } from 'vitest';
import { openModel, underNames } from './open-model.js';

const failing = (error: unknown) => () => Promise.reject(error);
const spec = (name: string) => ({ name, shape: [1] });

test.each([
  [
    'an error of a file gets the model’s name',
    new FileSourceError('config.json', 'config.json: expected JSON, got "x"'),
    './m: config.json: expected JSON, got "x"',
  ],
  [
    'an error that has it keeps its words',
    new FileSourceError('./m', './m: expected a directory, got a file'),
    './m: expected a directory, got a file',
  ],
  [
    'another kind of model, without the options of code',
    new ModelKindError(
      './m',
      'expected a model for CrossEncoder, got one of task "embedding"',
      'pass newHead: true',
    ),
    './m: expected a model for CrossEncoder, got one of task "embedding" — `rag inspect ./m` tells what it is, `rag train` makes a model of an encoder',
  ],
  [
    'another kind by a file',
    new ModelKindError('config.json', 'expected a model of one label, got 3', 'pass newHead: true'),
    './m: config.json: expected a model of one label, got 3 — `rag inspect',
  ],
  [
    'a head that is not there',
    new ParameterMatchError(['a', 'b', 'c', 'd'].map(spec), [], []),
    './m: expected a trained model, got one without a, b, c, … — `rag inspect',
  ],
  [
    'weights of another config.json, on one line',
    new ParameterMatchError([], [], ['odd']),
    './m: expected the tensors of its config.json, got 1 difference: odd: expected no such tensor in this model — `rag',
  ],
])('%s', async (_, error, message) => {
  const thrown = await openModel('./m', failing(error)).catch((found: Error) => found.message);
  expect(thrown).toContain(message);
  expect(thrown).not.toMatch(/newHead|\n/);
});

test('a refused option is said under its flag, another as it is', async () => {
  const refused = new OptionError('maxLength', 'expected 5 to 512, got 600', 'choose one of these');
  await expect(openModel('./m', failing(refused))).rejects.toThrow('./m: maxLength: expected');
  await expect(openModel('m', failing(refused), { maxLength: '--max_len' })).rejects.toThrow(
    '--max_len: expected 5 to 512',
  );
  await expect(underNames({ maxLength: '--max_len' }, failing(refused))).rejects.toThrow(
    '--max_len: expected 5 to 512, got 600 — choose one of these',
  );
  const without = new OptionError('maxLength', 'expected 5 to 512, got 600');
  await expect(underNames({ maxLength: '--max_len' }, failing(without))).rejects.toThrow(
    '--max_len: expected 5 to 512, got 600 — change it, or leave it out',
  );
  await expect(underNames({ dim: '--dim' }, failing(refused))).rejects.toBe(refused);
  expect(await underNames({}, async () => 3)).toBe(3);
});
