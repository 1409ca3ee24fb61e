import { expect, test } from 'vitest';
import { reasonOf } from './child.js';
import { firstThatFits, places, smallerShapes } from './compare-providers.js';

const report = { ms: { median: 5 }, gflops: 2, peak_rss_mb: 9 };
const options = { runs: 1, seconds: 1 };
const [cpu] = places(2);

test('shapes become smaller by rows, then by layers, each once', () => {
  expect(smallerShapes('8,16,32,2,64,4')).toEqual([
    '8,16,32,2,64,4',
    '2,16,32,2,64,4',
    '1,16,32,2,64,4',
    '1,16,32,2,64,1',
  ]);
  expect(smallerShapes('1,16,32,2,64,1')).toEqual(['1,16,32,2,64,1']);
});

test('the first shape that is computed counts, with why it is not the one that was asked for', async () => {
  const tried: string[] = [];
  const found = await firstThatFits('4,16,32,2,64,2', cpu!, options, async (shape) => {
    tried.push(shape);
    return tried.length < 2 ? { reason: 'RangeError: too large' } : { report };
  });
  expect(tried).toEqual(['4,16,32,2,64,2', '1,16,32,2,64,2']);
  expect(found).toEqual({
    shape: '4,16,32,2,64,2',
    place: cpu,
    done: { shape: '1,16,32,2,64,2', ms: 5, gflops: 2, peakRssMb: 9 },
    reason: 'RangeError: too large',
  });
});

test('what is not installed is tried once, what is too slow for every shape says so', async () => {
  let tries = 0;
  const failing = (reason: string) =>
    firstThatFits('4,16,32,2,64,2', cpu!, options, async () => {
      tries += 1;
      return { reason };
    });
  expect(await failing('SessionError: got none — npm install it')).not.toHaveProperty('done');
  expect(tries).toBe(1);
  expect((await failing('not done in 1 s')).reason).toBe('not done in 1 s');
  expect(tries).toBe(4);
});

test('a child that failed says why in one line', () => {
  expect(reasonOf({ killed: true }, 7)).toBe('not done in 7 s');
  const stderr =
    'npm warn x\n/some/file.ts:3\n  throw new RangeError()\nRangeError: expected less\n    at a (b.ts:1:2)\n';
  expect(reasonOf({ code: 1, stderr }, 7)).toBe('RangeError: expected less');
  expect(reasonOf({ code: 1, stderr: 'Error: run node "/a/b-1/install.js" or C:\\x y\\z.js' }, 7)).toBe(
    'Error: run node "install.js" or C:\\x y\\z.js',
  );
  expect(reasonOf({ signal: 'SIGABRT', stderr: '' }, 7)).toBe('ended by SIGABRT');
  expect(reasonOf({ code: 3 }, 7)).toBe('ended with code 3');
});
