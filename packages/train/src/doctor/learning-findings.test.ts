import { describe, expect, test } from 'vitest';
import { flatness, type LearningToJudge, learningFindings } from './learning-findings.js';

const encoder = { isFresh: false, isDecoder: false, hasModules: false, parameters: 1e8 };
const inBatch = { name: 'infonce', kind: 'in-batch', teacher: false } as const;
const run: LearningToJudge = {
  ...{ task: 'embedding', lr: 2e-5, useLora: false, temperature: 0.02, batchSize: 32, candidates: 481 },
  ...{ loss: inBatch, model: encoder, sources: new Map([['lr', '--lr']]) },
};
const codes = (changed: Partial<LearningToJudge>) =>
  [...learningFindings({ ...run, ...changed })].map(({ severity, code }) => `${severity} ${code}`);

test('a usual run', () => {
  expect(codes({})).toEqual([]);
});

describe('rates', () => {
  test.each([
    ['an encoder', {}, 5e-5, 2e-4, 2e-3, 1e-7],
    [
      'a large one (FlagEmbedding#865)',
      { model: { ...encoder, parameters: 5.68e8 } },
      3e-5,
      6e-5,
      1e-3,
      1e-7,
    ],
    ['a small one', { model: { ...encoder, parameters: 5e6 } }, 3e-3, 1e-2, 1, 1e-7],
    ['a language model', { model: { ...encoder, isDecoder: true } }, 1e-5, 1e-4, 1e-3, 1e-8],
    ['adapters', { useLora: true }, 2e-4, 2e-3, 0.1, 1e-6],
    ['fresh weights', { model: { ...encoder, isFresh: true } }, 1e-3, 1e-2, 1, 1e-6],
    ['a model that could not be opened', { model: undefined }, 5e-5, 2e-4, 2e-3, 1e-7],
  ] as const)(
    '%s',
    (_, { model = encoder, ...changed }: Partial<LearningToJudge>, right, high, killing, low) => {
      const at = (lr: number) => codes({ ...changed, model, lr });
      expect(at(right)).toEqual([]);
      expect(at(high)).toEqual(['warning high-rate']);
      expect(at(killing)).toEqual(['error high-rate']);
      expect(at(low)).toEqual(['warning low-rate']);
    },
  );
  test('are named with where they were given', () => {
    const [finding] = learningFindings({ ...run, lr: 1 });
    expect(finding!.where).toBe('lr (--lr)');
  });
});

describe('batches and temperature', () => {
  test('nothing to compare with', () => {
    expect(codes({ candidates: 1, batchSize: 1 })).toEqual(['error no-contrast']);
    expect(codes({ candidates: 4 })).toEqual(['warning few-candidates']);
    expect(codes({ candidates: 8 })).toEqual([]);
  });
  test('temperatures at which the loss is flat, or only one passage counts', () => {
    expect(codes({ temperature: 1 })).toEqual(['error high-temperature']);
    expect(codes({ temperature: 0.5 })).toEqual(['warning high-temperature']);
    expect(codes({ temperature: 0.1 })).toEqual([]);
    expect(codes({ temperature: 0.001 })).toEqual(['warning low-temperature']);
  });
  test('are no matter of other losses, nor of ColBERT’s sums', () => {
    const { candidates: _, ...rest } = run;
    const pointwise = { name: 'pointwise_bce', kind: 'pointwise', teacher: false } as const;
    expect([...learningFindings({ ...rest, loss: pointwise, temperature: 1 })]).toEqual([]);
    expect(codes({ task: 'colbert', temperature: 1 })).toEqual([]);
  });
  test('flatness is the loss beside ln N', () => {
    expect(flatness(1, 10, 0)).toBeCloseTo(1, 12);
    // ln(1 + 9·e⁻²)/ln 10
    expect(flatness(0.5, 10, 1)).toBeCloseTo(Math.log(1 + 9 * Math.exp(-2)) / Math.log(10), 12);
    expect(flatness(0.02, 481)).toBeLessThan(1e-6);
  });
});

describe('pooling', () => {
  const decoder = { ...encoder, isDecoder: true };
  test.each([
    [decoder, 'cls', ['error pooling']],
    [decoder, 'mean', ['warning pooling']],
    [decoder, 'lasttoken', []],
    [encoder, 'lasttoken', ['warning pooling']],
    [encoder, 'cls', []],
    [{ ...decoder, hasModules: true }, 'cls', []],
  ])('%j %s', (model, pooling, expected) => {
    expect(codes({ model, pooling, lr: 1e-5 })).toEqual(expected);
  });
});
