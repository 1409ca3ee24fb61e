import { describe, expect, test } from 'vitest';
import type { TokenSurvey } from './survey-tokens.js';
import { type TokensToJudge, tokenFindings } from './token-findings.js';

const lengths = { count: 100, mean: 10, p50: 10, p90: 20, p99: 30, most: 40 };
const tokens: TokenSurvey = {
  ...{ rows: 100, query: lengths, passage: lengths, texts: 200, tokens: 1000, unknown: 0, bytes: 0 },
  ...{ cutQueries: { count: 0 }, cutPassages: { count: 0 }, noRoom: { count: 0 }, charactersPerToken: 4 },
};
const run: TokensToJudge = {
  tokens,
  limits: { query: 32, passage: 64 },
  model: { vocabularySize: 100, longest: 512, tokenizer: { vocabSize: 100 } },
  sources: new Map([['passage_max_len', 'run.yaml:3']]),
};
const findings = (changed: Partial<TokenSurvey>, more: Partial<TokensToJudge> = {}) => [
  ...tokenFindings({ ...run, ...more, tokens: { ...tokens, ...changed } }),
];
const codes = (...args: Parameters<typeof findings>) =>
  findings(...args).map(({ severity, code, where }) => `${severity} ${code} ${where}`);
const some = (count: number) => ({ count, first: 'a.jsonl:7' });

test('texts that fit', () => {
  expect(codes({})).toEqual([]);
  expect(codes({ cutQueries: some(10), cutPassages: some(10), unknown: 10, bytes: 100 })).toEqual([]);
});

describe('texts that are cut', () => {
  test('passages, at a length that can be raised or not', () => {
    const [finding] = findings({ cutPassages: some(30) });
    expect(finding).toMatchObject({
      severity: 'warning',
      code: 'cut-passages',
      where: 'passage_max_len (run.yaml:3)',
    });
    expect(finding!.problem).toContain(
      'got 30 % (half have 10 tokens or more, the longest 40; first at a.jsonl:7)',
    );
    expect(finding!.advice).toContain('raise it (the model takes 512)');
    const [full] = findings({ cutPassages: some(30) }, { limits: { query: 32, passage: 512 } });
    expect(full!.advice).toContain('cut long passages');
  });
  test('queries', () => {
    expect(codes({ cutQueries: some(30) })).toEqual(['warning cut-queries query_max_len (default)']);
  });
  test('pairs without room for a passage', () => {
    const pair = { limits: { pair: 64 } };
    expect(codes({ noRoom: some(5) }, pair)).toEqual(['warning no-room max_len (default)']);
    expect(codes({ noRoom: some(20) }, pair)).toEqual(['error no-room max_len (default)']);
  });
});

describe('vocabularies', () => {
  const where = 'model_name_or_path (default)';
  test('without the words of the texts', () => {
    expect(codes({ unknown: 20 })).toEqual([`warning unknown-tokens ${where}`]);
    expect(codes({ unknown: 400 })).toEqual([`error unknown-tokens ${where}`]);
    expect(codes({ bytes: 200 })).toEqual([`warning byte-tokens ${where}`]);
  });
  test('of another model', () => {
    const model = { ...run.model, tokenizer: { vocabSize: 101 } };
    expect(codes({}, { model })).toEqual([`error vocabulary ${where}`]);
  });
});
