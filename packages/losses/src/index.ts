export { binaryCrossEntropy } from './binary-cross-entropy.js';
export { groupSoftmax } from './group-softmax.js';
export { type KlDivergenceOptions, klDivergence } from './kl-divergence.js';
export { type LambdaLossOptions, lambdaLoss } from './lambda-loss.js';
export { listwiseCrossEntropy } from './listwise-cross-entropy.js';
export type { GroupInputs, GroupLoss, Loss, PointwiseInputs, PointwiseLoss } from './loss.js';
export { marginMse } from './margin-mse.js';
export { meanSquaredError } from './mean-squared-error.js';
export {
  lossByName,
  type NamedGroupLoss,
  type NamedLoss,
  type NamedPointwiseLoss,
  namedLosses,
  UnknownLossError,
} from './names.js';
export { rankNet } from './rank-net.js';
