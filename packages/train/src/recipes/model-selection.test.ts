import { expect, test } from 'vitest';
import { checkSelection, modelSelection } from './model-selection.js';

const none = {
  ...{ metricForBestModel: undefined, greaterIsBetter: undefined, loadBestModelAtEnd: false },
  ...{ earlyStoppingPatience: undefined, earlyStoppingThreshold: 0 },
};
const judged = (settings: object, values: readonly number[], metric = 'ndcg@10') => {
  const selection = modelSelection({ ...none, ...settings })!;
  const reasons = values.map((value, i) => selection.judge(`step_${i}`, { [metric]: value }));
  return { reasons, best: selection.best, withoutGain: selection.withoutGain };
};

test('nobody asks, nobody selects', () => {
  expect(modelSelection(none)).toBeUndefined();
});

test('the best is the best, the first of equals', () => {
  const { reasons, best } = judged({ loadBestModelAtEnd: true }, [0.3, 0.5, 0.4, 0.5]);
  expect(best).toEqual({ name: 'step_1', value: 0.5 });
  expect(reasons).toEqual(Array(4).fill(undefined));
  expect(judged({ metricForBestModel: 'eval_x', greaterIsBetter: false }, [0.3, 0.2], 'x').best).toEqual({
    name: 'step_1',
    value: 0.2,
  });
});

test('patience counts evaluations whose gain is not above the threshold', () => {
  const settings = { earlyStoppingPatience: 2, earlyStoppingThreshold: 0.1 };
  const { reasons, best } = judged(settings, [0.3, 0.5, 0.55, 0.58]);
  expect(best).toEqual({ name: 'step_3', value: 0.58 });
  expect(reasons).toEqual([
    ...[undefined, undefined, undefined],
    'ndcg@10 has not gained in 2 evaluations; the best is 0.5800, of step_3',
  ]);
});

test('goes on from where it stood', () => {
  const selection = modelSelection(
    { ...none, earlyStoppingPatience: 2 },
    { best: { name: 'step_1', value: 0.5 }, without_gain: 1 },
  )!;
  expect(selection.judge('step_2', { 'ndcg@10': 0.5 })).toContain('in 2 evaluations');
});

test('there must be something to select by', () => {
  const selection = { metric: 'x' };
  checkSelection(undefined, undefined);
  checkSelection(selection, { metrics: { x: 0 } });
  expect(() => checkSelection(selection, undefined)).toThrow('val_dataset: expected rows to choose');
  expect(() => checkSelection(selection, { metrics: { 'mrr@10': 0, toString: 1 } })).toThrow(
    'metric_for_best_model: expected a metric of val_dataset, mrr@10, toString, got x — choose one',
  );
});
