import { describe, expect, test } from 'vitest';
import { type SurveyOptions, surveyor } from './survey.js';
import type { SurveyPassage } from './survey-row.js';

type Row = readonly [query: string, passages: readonly SurveyPassage[], shape?: string];

const looking = (rows: readonly Row[], options: SurveyOptions = {}) => {
  const made = surveyor(options);
  for (const [i, [query, passages, shape = 'lists']] of rows.entries())
    made.add({ at: { file: 'a.jsonl', line: i + 1 }, shape, query, passages });
  return made;
};
const survey = (rows: readonly Row[], options?: SurveyOptions) => looking(rows, options).survey();

const pos = (text: string, score?: number): SurveyPassage => ({
  ...{ text, side: 'positive' },
  ...(score !== undefined && { score }),
});
const neg = (text: string, score?: number): SurveyPassage => ({ ...pos(text, score), side: 'negative' });
const graded = (text: string, score: number): SurveyPassage => ({ text, score });
const none = { count: 0 };
const once = (line: number) => ({ count: 1, first: `a.jsonl:${line}` });

test('counts, lengths and scripts', () => {
  const found = survey([
    ['北京', [pos('北京是首都')]],
    ['who', [graded('me', 1)], 'labelled'],
  ]);
  expect(found).toMatchObject({
    rows: 2,
    passages: 2,
    comparedRows: 2,
    files: { 'a.jsonl': { lists: 1, labelled: 1 } },
  });
  expect(found.characters.query).toMatchObject({ count: 2, most: 3 });
  expect(found.scripts).toEqual({ query: { Han: 2, Latin: 3 }, passage: { Han: 5, Latin: 2 } });
});

describe('repeats', () => {
  test('rows, letter by letter or nearly; other passages make another row', () => {
    const found = survey([
      ['q', [pos('a')]],
      ['q', [pos('a')]],
      ['Q ', [pos('Ａ')]],
      ['q', [pos('b')]],
    ]);
    expect([found.exactRows, found.similarRows]).toEqual([once(2), once(3)]);
    expect(found.repeatedQueries).toEqual({ count: 3, first: 'a.jsonl:2' });
  });
  test('passages within a side', () => {
    expect(survey([['q', [pos('a'), neg('b'), neg('b ')]]]).repeatedPassages).toEqual(once(1));
    expect(survey([['q', [pos('a'), neg('b')]]]).repeatedPassages).toEqual(none);
  });
});

describe('contradictions', () => {
  test('a positive among the negatives of its row', () => {
    const found = survey([['q', [pos('a'), neg(' A')]]]);
    expect([found.ownNegatives, found.otherNegatives]).toEqual([once(1), none]);
  });
  test('a positive among the negatives of the same query in another row, in either order', () => {
    const rows: Row[] = [
      ['q', [pos('a'), neg('b')]],
      ['q', [pos('b'), neg('c')]],
    ];
    expect(survey(rows).otherNegatives).toEqual(once(2));
    expect(survey([...rows].reverse()).otherNegatives).toEqual(once(2));
  });
  test('the positive of another query is a negative like any other', () => {
    const rows: Row[] = [
      ['q', [pos('a'), neg('b')]],
      ['r', [pos('b'), neg('a')]],
    ];
    expect(survey(rows).otherNegatives).toEqual(none);
  });
  test('labels of the same query and passage', () => {
    const label = (value: number): Row => ['q', [graded('a', value)], 'labelled'];
    expect(survey([label(1), label(1)]).otherLabels).toEqual(none);
    expect(survey([label(1), label(0)]).otherLabels).toEqual(once(2));
  });
});

test('labels: range, different ones, those outside', () => {
  const rows: Row[] = [-1, 0, 0, 5].map((score) => [`q${score}`, [graded('a', score)], 'labelled']);
  expect(survey(rows, { labelRange: { min: 0, max: 1 } }).labels).toEqual({
    ...{ count: 4, least: -1, most: 5, distinct: 3 },
    outside: { count: 2, first: 'a.jsonl:1' },
  });
  expect(survey(rows).labels.outside).toEqual(none);
});

test('groups: small ones, those without negatives, those of one label', () => {
  const { groups } = survey(
    [
      ['a', [pos('p'), neg('n'), neg('m')]],
      ['b', [pos('p')]],
      ['c', [graded('x', 1), graded('y', 1)], 'hits'],
      ['d', [graded('x', 1)], 'labelled'],
    ],
    { groupSize: 3 },
  );
  expect(groups).toMatchObject({ count: 3, withoutNegatives: once(2), oneValued: once(3) });
  expect(groups.smaller).toEqual({ count: 2, first: 'a.jsonl:2' });
});

test('teachers: constant, the other way round, a negative above a positive', () => {
  const { teacher } = survey([
    ['a', [pos('p', 1), neg('n', 1)]],
    ['b', [pos('p', 0), neg('n', 1)]],
    ['c', [pos('p', 1), pos('o', 5), neg('n', 2)]],
    ['d', [pos('p', 1), neg('n', 0)]],
    ['e', [pos('p'), neg('n')]],
  ]);
  expect(teacher).toEqual({
    ...{ rows: 4, constant: once(1), reversed: once(2) },
    crossed: { count: 2, first: 'a.jsonl:2' },
  });
});

test('rows that stand in other files', () => {
  const against = looking([['q', [pos('a')]]]);
  const { leaked } = survey(
    [
      ['Q', [pos('b')]],
      ['q', [neg('A')]],
      ['r', [pos('a')]],
    ],
    { against },
  );
  expect(leaked).toEqual({ queries: { count: 2, first: 'a.jsonl:1' }, pairs: once(2) });
});

test('memory has a limit, which is told', () => {
  const rows = Array.from({ length: 50 }, (_, i): Row => [`q${i}`, [pos('a')]]);
  const found = survey([...rows, ...rows], { mostTexts: 20 });
  expect(found).toMatchObject({ rows: 100, comparedRows: 20, exactRows: none });
});
