import { expect, test } from 'vitest';
import { textTable } from './text-table.js';

test('a text keeps its first number, whatever its spelling, however many there are', () => {
  const table = textTable();
  for (let i = 0; i < 5000; i++) expect(table.add(`Text ${i}`, i)).toBe(i);
  for (let i = 0; i < 5000; i++) {
    expect(table.add(` text\t${i}`, 9999)).toBe(i);
    expect(table.find(`TEXT ${i}`)).toBe(i);
  }
  expect(table.size).toBe(5000);
  expect(table.find('text 5000')).toBeUndefined();
  expect(() => table.add('new', 2 ** 32 - 1)).toThrow('whole number');
});
