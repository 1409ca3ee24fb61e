import { describe, expect, test } from 'vitest';
import { type DataToJudge, dataFindings, faultFinding, leakFindings } from './data-findings.js';
import { type SurveyOptions, surveyor } from './survey.js';
import type { SurveyPassage } from './survey-row.js';
import type { LossUse } from './task-rows.js';

type Row = readonly [query: string, passages: readonly SurveyPassage[]];

const surveyOf = (rows: readonly Row[], options: SurveyOptions = {}) => {
  const made = surveyor(options);
  for (const [i, [query, passages]] of rows.entries())
    made.add({ at: { file: 'a.jsonl', line: i + 1 }, shape: 'lists', query, passages });
  return made.survey();
};
const pos = (text: string, score?: number): SurveyPassage => ({
  ...{ text, side: 'positive' },
  ...(score !== undefined && { score }),
});
const neg = (text: string, score?: number): SurveyPassage => ({ ...pos(text, score), side: 'negative' });
const graded = (text: string, score: number): SurveyPassage => ({ text, score });

const losses = {
  pointwise: { name: 'pointwise_bce', kind: 'pointwise', teacher: false },
  group: { name: 'group_softmax', kind: 'group', teacher: false },
  teacher: { name: 'kl_divergence', kind: 'group', teacher: true },
  inBatch: { name: 'infonce', kind: 'in-batch', teacher: false },
} as const satisfies Record<string, LossUse>;

const judge = (
  rows: readonly Row[],
  loss: LossUse,
  { groupSize, labelRange, mostTexts, ...more }: Partial<DataToJudge> & SurveyOptions = {},
) => {
  const asked = { ...(groupSize !== undefined && { groupSize }), ...(labelRange && { labelRange }) };
  const survey = surveyOf(rows, { ...asked, ...(mostTexts !== undefined && { mostTexts }) });
  const examples = { count: rows.length, leftOut: 0, unfit: [] };
  return dataFindings({
    paths: ['a.jsonl'],
    survey,
    faults: [],
    examples,
    loss,
    batchSize: 8,
    ...asked,
    ...more,
  });
};
const codes = (...args: Parameters<typeof judge>) =>
  judge(...args).map(({ severity, code }) => `${severity} ${code}`);

/** Good rows, of which a bad one is a small share. */
const good = (count = 20): Row[] =>
  Array.from({ length: count }, (_, i) => [`good ${i}`, [pos(`yes ${i}`, 1), neg(`no ${i}`, 0)]]);

test('good rows', () => {
  for (const loss of Object.values(losses)) expect(judge(good(), loss, { groupSize: 2 })).toEqual([]);
});

describe('rows that stop a run', () => {
  const fault = {
    fault: 'empty-pos',
    count: 3,
    first: 'a.jsonl:2',
    message: 'a.jsonl:2: expected x, got y — mend it',
  };
  test('are named by the error of the first', () => {
    expect(judge(good(), losses.group, { faults: [fault] })).toEqual([
      {
        ...{ severity: 'error', code: 'bad-rows', where: 'a.jsonl:2' },
        ...{ problem: 'expected x, got y; 3 rows like it', advice: 'mend it' },
      },
    ]);
    const unfit = { count: 0, leftOut: 0, unfit: [fault] };
    expect(codes(good(), losses.group, { examples: unfit })).toEqual(['error unfit-rows']);
  });
  test('also where only the place is known, or the file’s name looks like an error', () => {
    const { message: _, ...placed } = fault;
    expect(faultFinding({ ...placed, count: 1 }, 'bad-rows', 'mend')).toMatchObject({
      ...{ where: 'a.jsonl:2', problem: 'expected a row of JSON, got empty-pos', advice: 'mend' },
    });
    const odd = { ...fault, count: 1, message: 'C: a — b.jsonl:2:7: expected x, got "p: q"' };
    expect(faultFinding(odd, 'bad-rows', 'mend')).toMatchObject({
      ...{ where: 'C: a — b.jsonl:2:7', problem: 'expected x, got "p: q"', advice: 'mend' },
    });
  });
  test('or give nothing to learn from', () => {
    const examples = { count: 0, leftOut: 20, unfit: [] };
    expect(codes(good(), losses.group, { examples })).toEqual(['error no-examples']);
  });
});

describe('labels', () => {
  const labelled = (...scores: number[]): Row[] =>
    scores.map((score, i) => [`q${i}`, [graded(`p${i}`, score)]]);
  const labelRange = { min: 0, max: 1 };
  test('of one value', () => {
    expect(codes(labelled(1, 1, 1), losses.pointwise, { labelRange })).toEqual(['error one-valued-labels']);
    expect(codes(labelled(1, 0, 1), losses.pointwise, { labelRange })).toEqual([]);
    expect(codes(labelled(1), losses.pointwise, { labelRange })).toEqual([]);
  });
  test('of one value beside sides, which some losses read instead', () => {
    const alike: Row[] = [0, 1].map((i) => [`q${i}`, [pos(`a ${i}`, 1), neg(`b ${i}`, 1)]]);
    expect(codes(alike, losses.inBatch)).toEqual([]);
    expect(codes(alike, losses.group)).toEqual([]);
    const graded = { name: 'listwise_ce', kind: 'group', teacher: false } as const;
    expect(codes(alike, graded)).toEqual(['error one-valued-labels']);
  });
  test('outside the range, or in a corner of it', () => {
    expect(codes(labelled(0, 1, 2), losses.pointwise, { labelRange })).toEqual(['error label-range']);
    expect(codes(labelled(0, 1), losses.pointwise, { labelRange: { min: 0, max: 20 } })).toEqual([
      'warning narrow-labels',
    ]);
  });
  test('that contradict each other', () => {
    const twice: Row[] = [
      ['q', [graded('p', 1)]],
      ['q', [graded('p', 0)]],
    ];
    expect(codes(twice, losses.pointwise, { labelRange })).toEqual(['warning other-labels']);
  });
  test('of one value in a group, or in all', () => {
    const flat = (score: number): Row => [`flat ${score}`, [graded('a', score), graded('b', score)]];
    const ranked: Row = ['q', [graded('a', 1), graded('b', 0)]];
    expect(codes([flat(1), ranked], losses.group)).toEqual(['warning one-valued-groups']);
    expect(codes([flat(1), flat(0)], losses.group)).toEqual(['error one-valued-groups']);
    expect(codes([flat(1), ranked], losses.pointwise)).toEqual([]);
  });
});

describe('teachers', () => {
  const row = (name: string, above: number, below: number): Row => [
    name,
    [pos(`${name} a`, above), neg(`${name} b`, below)],
  ];
  test('that score all passages alike', () => {
    expect(codes([...good(), row('q', 1, 1)], losses.teacher)).toEqual(['warning constant-teacher']);
    expect(codes([row('q', 1, 1), row('r', 2, 2)], losses.teacher)).toEqual(['error constant-teacher']);
    expect(codes([...good(), row('q', 1, 1)], losses.group)).toEqual([]);
  });
  test('whose order is the other one', () => {
    expect(codes([...good(), row('q', 0, 1)], losses.teacher)).toEqual(['warning reversed-teacher']);
    expect(codes([row('q', 0, 1), row('r', 0, 1)], losses.teacher)).toEqual([
      'error reversed-teacher',
      'warning crossed-teacher',
    ]);
  });
});

describe('sides', () => {
  const own = (i: number): Row => [`own ${i}`, [pos(`p ${i}`), neg(`P ${i}`)]];
  const other = (i: number): Row[] => [
    [`other ${i}`, [pos(`p ${i}`), neg(`n ${i}`)]],
    [`other ${i}`, [pos(`r ${i}`), neg(`p ${i}`)]],
  ];
  test('a positive among the negatives of its row', () => {
    expect(codes([...good(), own(1)], losses.group)).toEqual(['warning own-negatives']);
    expect(codes([...good(4), own(1), own(2)], losses.group)).toEqual(['error own-negatives']);
  });
  test('a positive among those of another row', () => {
    expect(codes([...good(), ...other(1)], losses.group)).toEqual(['warning other-negatives']);
    expect(codes([...other(1), ...other(2)], losses.group)).toEqual(['error other-negatives']);
  });
  test('small groups', () => {
    const [finding] = judge(good(), losses.group, { groupSize: 8 });
    expect(finding).toMatchObject({ code: 'small-groups', where: 'a.jsonl:1' });
    expect(finding!.advice).toContain('train_group_size to 2');
  });
  test('rows without negatives among others', () => {
    const bare = (i: number): Row => [`bare ${i}`, [pos(`b ${i}`)]];
    expect(codes([...good(), bare(1)], losses.inBatch)).toEqual(['warning without-negatives']);
    expect(codes([bare(1), bare(2)], losses.inBatch)).toEqual([]);
  });
});

describe('repeats', () => {
  test('rows and passages', () => {
    const [first] = good(1);
    expect(codes([...good(), first!], losses.group)).toEqual(['warning repeated-rows']);
    const similar: Row = ['GOOD 0', first![1]];
    expect(codes([...good(), similar], losses.group)).toEqual(['warning similar-rows']);
    expect(codes([...good(), ['q', [pos('a'), neg('b'), neg('b')]]], losses.group)).toEqual([
      'warning repeated-passages',
    ]);
  });
  test('queries, where other rows of a batch count as wrong', () => {
    const again: Row = ['good 0', [pos('another'), neg('wrong')]];
    expect(codes([...good(), again], losses.inBatch)).toEqual(['warning repeated-queries']);
    expect(codes([...good(), again], losses.inBatch, { batchSize: 1 })).toEqual([]);
    expect(codes([...good(), again], losses.group)).toEqual([]);
  });
  test('that were not sought in all rows', () => {
    expect(codes(good(), losses.group, { mostTexts: 5 })).toEqual(['warning not-compared']);
  });
});

test('evaluation rows of training', () => {
  const against = { hasQuery: (query: string) => query === 'good 0', hasPair: () => false };
  expect([...leakFindings(surveyOf(good(), { against }))]).toMatchObject([
    { severity: 'warning', code: 'leaked-queries', where: 'a.jsonl:1' },
  ]);
  expect([...leakFindings(surveyOf(good().slice(1), { against }))]).toEqual([]);
});
