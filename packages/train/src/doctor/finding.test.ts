import { expect, test } from 'vitest';
import { formatFinding, occurrences, percent, settingPlace } from './finding.js';

test('a finding is a line like an error', () => {
  const words = { where: 'a.jsonl:3', problem: 'expected this, got that', advice: 'mend it' };
  expect(formatFinding({ severity: 'error', code: 'c', ...words })).toBe(
    'a.jsonl:3: expected this, got that — mend it',
  );
});

test('a setting is named with where it was given', () => {
  const sources = new Map([['lr', 'run.yaml:4']]);
  expect(['lr', 'epochs'].map((key) => settingPlace(key, sources))).toEqual([
    'lr (run.yaml:4)',
    'epochs (default)',
  ]);
});

test('shares', () => {
  expect([0, 0.004, 0.0123, 0.1, 0.999, 1].map(percent)).toEqual([
    '0 %',
    '0.40 %',
    '1.2 %',
    '10 %',
    '100 %',
    '100 %',
  ]);
});

test('occurrences keep the first place', () => {
  const seen = occurrences();
  expect(seen.result()).toEqual({ count: 0 });
  for (const place of ['a:1', 'a:2']) seen.add(place);
  expect(seen.result()).toEqual({ count: 2, first: 'a:1' });
});
