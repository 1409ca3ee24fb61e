import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { streamsOfRank } from './rank-streams.js';

const streams = () => ({
  stdout: Object.assign(new PassThrough(), { isTTY: true }),
  stderr: new PassThrough(),
});

test('one process has its own streams', () => {
  const own = streams();
  expect(streamsOfRank(own, undefined)).toBe(own);
});

test('of several processes rank 0 prints, to no terminal', () => {
  const own = streams();
  const { stdout, stderr } = streamsOfRank(own, { rank: 0 });
  expect(stdout.isTTY).toBeUndefined();
  stdout.write('step 1\n');
  stderr.write('warning\n');
  expect([String(own.stdout.read()), String(own.stderr.read())]).toEqual(['step 1\n', 'warning\n']);
});

test('the others print nothing', () => {
  const own = streams();
  streamsOfRank(own, { rank: 1 }).stdout.write('step 1\n');
  expect(own.stdout.read()).toBeNull();
});
