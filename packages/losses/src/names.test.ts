import { expect, test } from 'vitest';
import {
  binaryCrossEntropy,
  groupSoftmax,
  listwiseCrossEntropy,
  lossByName,
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
