export { angle, type PairVectorInputs } from './angle.js';
export { binaryCrossEntropy } from './binary-cross-entropy.js';
export { type CoSentOptions, coSent } from './co-sent.js';
export { cosineSimilarities, pairCosines } from './cosine-similarities.js';
export { type DistillationInputs, type DistillationOptions, distillation } from './distillation.js';
export { type FalseNegativeOptions, falseNegativeMask } from './false-negative-mask.js';
export { groupSoftmax } from './group-softmax.js';
export {
  type InBatchCandidateOptions,
  type InBatchCandidates,
  type InBatchExample,
  type InBatchGroups,
  inBatchCandidates,
  inBatchGroups,
} from './in-batch-candidates.js';
export {
  type InBatchDistillationInputs,
  type InBatchDistillationOptions,
  inBatchDistillation,
} from './in-batch-distillation.js';
export {
  type InBatchInputs,
  type InBatchLoss,
  type InBatchOptions,
  inBatchSoftmax,
} from './in-batch-softmax.js';
export { type KlDivergenceOptions, klDivergence } from './kl-divergence.js';
export { type LambdaLossOptions, lambdaLoss } from './lambda-loss.js';
export { listwiseCrossEntropy } from './listwise-cross-entropy.js';
export type { GroupInputs, GroupLoss, Loss, PointwiseInputs, PointwiseLoss } from './loss.js';
export { marginMse } from './margin-mse.js';
export { type MatryoshkaOptions, matryoshka } from './matryoshka.js';
export { meanSquaredError } from './mean-squared-error.js';
export {
  type LossKind,
  lossByName,
  lossNames,
  type NamedDistillationLoss,
  type NamedGroupLoss,
  type NamedInBatchLoss,
  type NamedLoss,
  type NamedPairScoreLoss,
  type NamedPairVectorLoss,
  type NamedPointwiseLoss,
  namedLosses,
  UnknownLossError,
} from './names.js';
export { type PairKlDivergenceOptions, pairKlDivergence } from './pair-kl-divergence.js';
export { rankNet } from './rank-net.js';
export type { PairScoreInputs } from './scored-pairs.js';
export { type UnifiedInputs, type UnifiedOptions, unifiedLoss } from './unified-loss.js';
