import { expect, test } from 'vitest';
import { lifetime } from './lifetime.js';

test('releases once, after the last run', async () => {
  let released = 0;
  const life = lifetime('thing', () => {
    released++;
  });
  let finish = (): void => undefined;
  const first = life.during(
    'run',
    () =>
      new Promise<string>((resolve) => {
        finish = () => resolve('done');
      }),
  );
  const second = life.during('run', async () => {
    throw new Error('failed');
  });
  await expect(second).rejects.toThrow('failed');
  expect(life.busy).toBe(true);
  life.dispose();
  life.dispose();
  expect(released).toBe(0);
  await expect(life.during('run', async () => 1)).rejects.toThrow(
    'run: expected a live thing, got one that was disposed',
  );
  finish();
  expect(await first).toBe('done');
  expect(released).toBe(1);
  life.dispose();
  expect(released).toBe(1);
  expect(life.busy).toBe(false);
});

test('releases at once where nothing runs', () => {
  let released = 0;
  const life = lifetime('thing', () => {
    released++;
  });
  life.check('run');
  life.dispose();
  expect(released).toBe(1);
  expect(() => life.check('run')).toThrow('expected a live thing');
});

test('a hold puts the release off, and ends once', () => {
  let released = 0;
  const life = lifetime('thing', () => released++);
  const [first, second] = [life.hold(), life.hold()];
  life.dispose();
  first();
  first();
  expect(released).toBe(0);
  second();
  expect(released).toBe(1);
});
