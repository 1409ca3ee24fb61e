export type { Checkpoint, NamedTensor } from './artifacts/checkpoint.js';
export { decodeCheckpoint } from './artifacts/decode-checkpoint.js';
export { encodeCheckpoint } from './artifacts/encode-checkpoint.js';
export { ArtifactError } from './artifacts/error.js';
export type { TrainingArtifacts } from './artifacts/names.js';
export { cellsPerRun } from './cells-per-run.js';
export { type Collective, CollectiveError, type Reduction } from './collectives/collective.js';
export { loopback } from './collectives/loopback.js';
export { single } from './collectives/single.js';
export type { CudaOptions } from './drivers/cuda-options.js';
export type { GraphOptimizationLevel, TensorInfo } from './drivers/driver.js';
export { NotFiniteError, SessionError } from './error.js';
export type { Fetches } from './feeds.js';
export type { BindOptions, IoBinding } from './io-binding.js';
export { type ModelCudaOptions, type OpenOptions, sessionOptions } from './open-options.js';
export { OutOfMemoryError } from './out-of-memory.js';
export { openRowProducts, type RowProducts } from './row-products.js';
export {
  type BindableSession,
  chooseProvider,
  createSession,
  type Driver,
  type Provider,
  type ProviderChoice,
  readsFiles,
  type Session,
  type SessionOptions,
} from './session.js';
export {
  type DType,
  dtypes,
  Tensor,
  type TensorParts,
  type TypedArray,
  tensorsOf,
  zeros,
} from './tensor.js';
export type { AdamWSettings } from './training/adamw.js';
export { allocate } from './training/allocate.js';
export type { Batch, BatchResult, ChunkedBatch, TrainingBatch } from './training/batch.js';
export { type CompileOptions, compile } from './training/compile.js';
export type { ComputeOptions } from './training/compute.js';
export { createFusedUpdate, type FusedUpdate, type TrainedTensor } from './training/fused-update.js';
export { clipCoefficient, globalNorm } from './training/global-norm.js';
export { rowsOf } from './training/grad-cache.js';
export type { LossScaling } from './training/loss-scale.js';
export { type MemoryPlan, memoryPlanText, planMemory } from './training/memory-plan.js';
export type { Objective, ObjectiveGraph } from './training/objective.js';
export { type ObjectiveSpecs, objectiveSpecs } from './training/objective-specs.js';
export { defaultGroupOf, type OptimizerSettings } from './training/optimizer-model.js';
export {
  artifactsOf,
  genuineArtifacts,
  lossScale,
  type Plan,
  planOf,
  type Segment,
} from './training/plan.js';
export { type Precision, precisionFault } from './training/precision.js';
export { partOfRank, type RankOf, ranksOfRows } from './training/rank-part.js';
export { type SessionState, STATE_PARTS } from './training/saved-state.js';
export { TrainingSession } from './training/session.js';
export { type Sharding, shardingOfStage, zeroStage } from './training/sharding.js';
export type { StatePart } from './training/state.js';
export type { UpdateResult } from './training/update-result.js';
