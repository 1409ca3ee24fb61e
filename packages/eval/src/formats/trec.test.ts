import { expect, it } from 'vitest';
import { addOnce, checkId, readInteger, trecFields } from './trec.js';

it('splits at ASCII blanks only', () => {
  expect(trecFields('  q1\t0 d\u3000x\u00a0y   2 ')).toEqual(['q1', '0', 'd\u3000x\u00a0y', '2']);
  expect(trecFields(' \t ')).toBeNull();
  expect(trecFields('# q1 0 d 1')).toBeNull();
  expect(trecFields(' #q 0 d 1')).toEqual(['#q', '0', 'd', '1']);
});

it('reads integers and nothing else', () => {
  expect(readInteger('f', 1, 'grade', '-3')).toBe(-3);
  expect(readInteger('f', 1, 'grade', '+2')).toBe(2);
  for (const field of ['', '1.5', '0x1', 'one', '1e3', '99999999999999999999']) {
    expect(() => readInteger('f', 4, 'grade', field)).toThrow(
      `f:4: grade expected an integer, got ${JSON.stringify(field)}`,
    );
  }
});

it('adds a document once per query', () => {
  const queries = new Map<string, Map<string, number>>();
  const at = { file: 'f', line: 9 };
  addOnce(queries, ['q', 'd', 1], at);
  addOnce(queries, ['p', 'd', 2], at);
  expect(() => addOnce(queries, ['q', 'd', 1], at)).toThrow(
    'f:9: expected each document once per query, got query "q" and document "d" again',
  );
  expect(queries.get('p')).toEqual(new Map([['d', 2]]));
});

it('refuses ids that would break a line', () => {
  expect(checkId('w', 'document id', '#中')).toBe('#中');
  for (const id of ['', 'a b', 'a\nb', '\t', 'a\0']) {
    expect(() => checkId('w', 'document id', id)).toThrow(`w: document id expected no blanks`);
  }
  expect(() => checkId('w', 'query id', '#1')).toThrow('got "#1"');
});
