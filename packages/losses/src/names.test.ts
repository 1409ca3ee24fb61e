import { expect, test } from 'vitest';
import {
  binaryCrossEntropy,
  distillation,
  groupSoftmax,
  inBatchSoftmax,
  listwiseCrossEntropy,
  lossByName,
  lossNames,
  marginMse,
  meanSquaredError,
  namedLosses,
  rankNet,
  UnknownLossError,
} from './index.js';

test.each([
  ['classfication', 'pointwise', binaryCrossEntropy],
  ['regression_ce', 'pointwise', binaryCrossEntropy],
  ['regression_mse', 'pointwise', meanSquaredError],
  ['point_ce', 'pointwise', binaryCrossEntropy],
  ['point_mse', 'pointwise', meanSquaredError],
  ['pointwise_bce', 'pointwise', binaryCrossEntropy],
  ['pointwise_mse', 'pointwise', meanSquaredError],
  ['pairwise_ranknet', 'group', rankNet],
  ['listwise_ce', 'group', listwiseCrossEntropy],
  ['group_softmax', 'group', groupSoftmax],
  ['margin_mse', 'group', marginMse],
])('%s is a %s loss', (name, kind, loss) => {
  expect(lossByName(name)).toMatchObject({ kind, loss });
});

test.each([
  ['infonce', 'in-batch', inBatchSoftmax],
  ['pair_inbatch_softmax', 'in-batch', inBatchSoftmax],
  ['triplet_inbatch_softmax', 'in-batch', inBatchSoftmax],
  ['multiple_negatives_ranking', 'in-batch', inBatchSoftmax],
  ['distill', 'distill', distillation],
])('%s is an %s loss', (name, kind, loss) => {
  expect(lossByName(name, ['in-batch', 'distill'])).toMatchObject({ kind, loss });
});

test.each([
  ['infonce', 'in-batch'],
  ['pair_kl', 'pair-score'],
  ['cosent', 'pair-score'],
  ['angle', 'pair-vectors'],
  ['distill', 'distill'],
])('%s is refused where only logits are, as of kind %s', (name, kind) => {
  expect(() => lossByName(name)).toThrow(
    new RegExp(
      `expected one of pointwise_bce, .*lambda_loss, got "${name}", a loss of kind ${kind} — choose`,
    ),
  );
  expect(lossNames()).not.toContain(name);
  expect(lossNames(['in-batch', 'pair-score', 'pair-vectors', 'distill'])).toContain(name);
});

test('a loss over logits is refused where they are none, and near names are of the kinds asked for', () => {
  expect(() => lossByName('pointwise_bce', ['in-batch'])).toThrow(
    'got "pointwise_bce", a loss of kind pointwise — choose one of these',
  );
  expect(() => lossByName('info_nce', ['in-batch'])).toThrow('got "info_nce" — did you mean "infonce"?');
});

test('a name belongs to one loss', () => {
  const names = namedLosses.flatMap((entry) => entry.names);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['kl_divergence', 'lambda_loss']));
});

test.each([
  ['classification', 'classfication'],
  ['pointwise_bec', 'pointwise_bce'],
  ['PointMSE', 'point_mse'],
  ['ranknet', 'pairwise_ranknet'],
  ['lambdaloss', 'lambda_loss'],
  ['kl_div', 'kl_divergence'],
])('%s is unknown and near %s', (name, suggestion) => {
  expect(() => lossByName(name)).toThrow(UnknownLossError);
  expect(() => lossByName(name)).toThrow(`"${name}" — did you mean "${suggestion}"?`);
});

test('a name that resembles none lists them all', () => {
  expect(() => lossByName('toString')).toThrow(
    /expected one of pointwise_bce, .*lambda_loss, got "toString" — choose/,
  );
});
