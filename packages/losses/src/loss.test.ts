import { GraphError, input, type Shape } from '@rag/onnx';
import { expect, test } from 'vitest';
import { type GroupLoss, namedLosses, type PointwiseLoss } from './index.js';
import { expectPositive } from './loss.js';

const value = (name: string, shape: Shape, dtype: 'float32' | 'float64' | 'int64' = 'float32') =>
  input(name, dtype, shape);
const rows = ['batch'];
const groups = ['groups', 'size'];
const pointwise = namedLosses.flatMap((entry): [string, PointwiseLoss][] =>
  entry.kind === 'pointwise' ? [[entry.names[0], entry.loss]] : [],
);
const grouped = namedLosses.flatMap((entry): [string, GroupLoss][] =>
  entry.kind === 'group' ? [[entry.names[0], entry.loss]] : [],
);

test.each(pointwise)('%s checks its inputs', (_, loss) => {
  const [logits, labels] = [value('logits', rows), value('labels', rows)];
  expect(loss({ logits, labels })).toMatchObject({
    sum: { dtype: 'float32', shape: [] },
    weight: { dtype: 'float32', shape: [] },
  });
  expect(() => loss({ logits: value('logits', ['batch', 1]), labels })).toThrow(
    /: expected floating-point logits \[batch\], got float32\[batch, 1\] — squeeze/,
  );
  expect(() => loss({ logits: value('logits', rows, 'int64'), labels })).toThrow(GraphError);
  expect(() => loss({ logits, labels: value('labels', ['other']) })).toThrow(
    /: expected labels like the logits, float32\[batch\], got float32\[other\]/,
  );
  expect(() => loss({ logits, labels, row_weight: value('row_weight', rows, 'float64') })).toThrow(
    /: expected row_weight like the logits/,
  );
});

test.each(grouped)('%s checks its inputs', (_, loss) => {
  const names = ['logits', 'labels', 'mask', 'teacher_scores'] as const;
  const inputs = Object.fromEntries(names.map((name) => [name, value(name, groups)])) as Record<
    (typeof names)[number],
    ReturnType<typeof value>
  >;
  expect(loss(inputs)).toMatchObject({
    sum: { dtype: 'float32', shape: [] },
    weight: { dtype: 'float32', shape: [] },
  });
  expect(() => loss({ ...inputs, logits: value('logits', rows) })).toThrow(
    /: expected floating-point logits \[groups, size\], got float32\[batch\]/,
  );
  expect(() => loss({ ...inputs, mask: value('mask', groups, 'int64') })).toThrow(
    /: expected mask like the logits, float32\[groups, size\], got int64\[groups, size\]/,
  );
  expect(() => loss({ ...inputs, mask: value('mask', ['groups', 8]) })).toThrow(GraphError);
});

test.each(namedLosses.flatMap((entry) => (entry.kind === 'group' ? [entry] : [])))(
  '$names.0 says whether it reads teacher scores',
  ({ teacher, loss }) => {
    const inputs = {
      logits: value('logits', groups),
      labels: value('labels', groups),
      mask: value('mask', groups),
    };
    if (teacher === 'required') expect(() => loss(inputs)).toThrow(/expected teacher_scores/);
    else expect(() => loss(inputs)).not.toThrow();
    const misshapen = () => loss({ ...inputs, teacher_scores: value('teacher_scores', ['groups', 3]) });
    if (teacher === 'none') expect(misshapen).not.toThrow();
    else expect(misshapen).toThrow(/expected teacher_scores like the logits/);
  },
);

test('an option above 0 is passed on', () => {
  expect(expectPositive('loss', 'temperature', 0.5)).toBe(0.5);
  expect(() => expectPositive('loss', 'temperature', 0)).toThrow(
    'loss: expected a temperature above 0, got 0',
  );
});
