import { input } from '@rag/onnx';
import { expect, test } from 'vitest';
import { klDivergence } from './kl-divergence.js';
import { examineGroup } from './testing/exam.js';

// Small where the two agree, as the difference of logarithms of order 1.
examineGroup('klDivergence', klDivergence, { smallest: 1 });
examineGroup('klDivergence temperature 2.5', (inputs) => klDivergence(inputs, { temperature: 2.5 }), {
  smallest: 1,
});

const groups = (name: string) => input(name, 'float32', ['groups', 'size']);

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('temperature %d is refused', (temperature) => {
  const inputs = { logits: groups('logits'), mask: groups('mask'), teacher_scores: groups('teacher_scores') };
  expect(() => klDivergence(inputs, { temperature })).toThrow('klDivergence: expected a temperature above 0');
});

test('without a teacher there is no loss', () => {
  const inputs = { logits: groups('logits'), mask: groups('mask') };
  expect(() => klDivergence(inputs)).toThrow(
    'klDivergence: expected teacher_scores [groups, size], got none',
  );
});
