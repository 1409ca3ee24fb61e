import { expect, it } from 'vitest';
import * as parts from './library.js';

it('finds every component in the installed library', () => {
  expect(Object.entries(parts).filter(([, part]) => typeof part !== 'function')).toEqual([]);
  expect(Object.keys(parts)).toHaveLength(2);
});
