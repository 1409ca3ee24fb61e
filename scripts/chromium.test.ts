import { expect, it } from 'vitest';
import { findChromium } from './chromium.js';

it('finds a browser in a usual place, or where it is told', () => {
  expect(findChromium(undefined, 'linux', (path) => path.endsWith('google-chrome'))).toBe(
    '/usr/bin/google-chrome',
  );
  expect(findChromium('/opt/chromium', 'linux', () => true)).toBe('/opt/chromium');
  expect(findChromium(undefined, 'linux', () => false)).toBeUndefined();
  expect(() => findChromium('/nowhere', 'linux', () => false)).toThrow(
    'expected the path of a browser, got /nowhere',
  );
});

it('a run of continuous integration has a browser', (context) => {
  const chromium = findChromium();
  if (!process.env.CI) context.skip(chromium === undefined, 'no Chromium: the tests of pages are left out');
  expect(chromium).toBeDefined();
});
