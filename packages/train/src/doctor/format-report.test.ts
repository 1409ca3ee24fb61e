import { expect, test } from 'vitest';
import type { DoctorReport } from './examine.js';
import { formatReport, verdict } from './format-report.js';
import { surveyor } from './survey.js';

const looking = surveyor();
looking.add({
  ...{ at: { file: 'a.jsonl', line: 1 }, shape: 'hits', query: '北京' },
  passages: [
    { text: 'city', score: 1 },
    { text: '北京', score: 0.12345 },
  ],
});
const error = {
  severity: 'error',
  code: 'c',
  where: 'a:1',
  problem: 'expected b, got c',
  advice: 'mend',
} as const;
const report: DoctorReport = {
  ...{ task: 'reranker', loss: 'listwise_ce', train: looking.survey() },
  estimate: { examples: 1, batchesPerEpoch: 1, updatesPerEpoch: 1, updates: 2, warmup: 0 },
  findings: [],
};

test('rows, run and verdict', () => {
  expect(formatReport(report)).toBe(`training rows: 1, with 2 passages
  a.jsonl: 1 hits
  characters of a query: median 2, 90 % 2, 99 % 2, most 2; Han 100 %
  characters of a passage: median 2, 90 % 4, 99 % 4, most 4; Latin 67 %, Han 33 %
  passages of a row: median 2, 90 % 2, 99 % 2, most 2
  labels or scores: 2, 2 different, 0.1235 to 1
run: reranker, loss listwise_ce, 1 example, 1 step per epoch, 2 updates in all, 0 of them warm-up

nothing found that is wrong with this run
`);
});

test('findings are lines of their own, coloured where there is a terminal', () => {
  const found = { ...report, findings: [error, { ...error, severity: 'warning' as const }] };
  expect(formatReport(found)).toContain('\n\nerror a:1: expected b, got c — mend\nwarning a:1: ');
  expect(formatReport(found, (severity, text) => `<${severity}>${text}`)).toContain('\n<error>error a:1: ');
  expect(formatReport(found)).toMatch(/\n\n1 error, 1 warning\n$/);
});

test('model, memory and disk are told where they are known; rows that are none too', () => {
  const facts = {
    modelType: 'bert',
    layers: 2,
    hiddenSize: 32,
    vocabularySize: 9,
    longest: 64,
    isDecoder: false,
  };
  const text = formatReport({
    ...report,
    val: surveyor().survey(),
    model: { ...facts, isFresh: false, hasModules: false, parameters: 5e6 },
    estimate: { ...report.estimate, modelBytes: 2e7, diskBytes: 4e7, stateBytes: 8e7 },
    freeBytes: 2e9,
  });
  expect(text).toContain('evaluation rows: none could be read\n');
  expect(text).toContain('model: bert, 2 layers of 32, up to 64 tokens, 5.0 M parameters\n');
  expect(text).toContain('memory: 80.0 MB for weights, gradients and moments;');
  expect(text).toContain('disk: up to 40.0 MB for models, 2.0 GB free\n');
});

test('verdicts', () => {
  expect(verdict([error, error])).toBe('2 errors');
  expect(verdict([{ ...error, severity: 'warning' }])).toBe('1 warning');
});
