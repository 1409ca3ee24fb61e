import { input } from '@rag/onnx';
import { expect, test } from 'vitest';
import { marginMse } from './margin-mse.js';
import { examineGroup } from './testing/exam.js';

examineGroup('marginMse', marginMse);

test('without a teacher there is no loss', () => {
  const groups = (name: string) => input(name, 'float32', ['groups', 'size']);
  const inputs = { logits: groups('logits'), labels: groups('labels'), mask: groups('mask') };
  expect(() => marginMse(inputs)).toThrow('marginMse: expected teacher_scores [groups, size], got none');
});
