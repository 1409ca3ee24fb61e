import { expect, it } from 'vitest';
import { IdSet } from './id-set.js';

it('knows every id it was given, across its parts', () => {
  const set = new IdSet(3);
  const ids = Array.from({ length: 10 }, (_, i) => `d${i}`);
  expect(ids.map((id) => set.add(id))).toEqual(ids.map(() => true));
  expect(ids.map((id) => set.add(id))).toEqual(ids.map(() => false));
  expect(set.add('d10')).toBe(true);
});
