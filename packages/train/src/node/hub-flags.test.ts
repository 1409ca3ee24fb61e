import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addHubFlags, type HubFlags, hubOptions } from './hub-flags.js';

const parsed = (...args: string[]) => {
  const command = addHubFlags(new Command('x')).exitOverride();
  return hubOptions(command.parse(args, { from: 'user' }).opts<HubFlags>(), new PassThrough());
};

test('flags as the options of the hub’s client; what is not said is left to the environment', () => {
  const { onProgress, ...none } = parsed();
  expect(none).toEqual({});
  expect(onProgress).toBeTypeOf('function');
  expect(parsed('--revision', 'v2', '--token', 't', '--cache_dir', 'c', '--offline')).toMatchObject({
    revision: 'v2',
    token: 't',
    cacheDir: 'c',
    offline: true,
  });
});

test('an empty one is an error', () => {
  for (const flag of ['--revision', '--token', '--cache_dir'])
    expect(() => parsed(flag, '')).toThrow(`${flag}: expected a text that is not empty, got ""`);
});
