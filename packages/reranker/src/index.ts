export {
  CrossEncoder,
  type CrossEncoderParts,
  type FromPretrainedOptions,
  type OpenOptions,
  type Ranked,
  type RerankOptions,
  type ScoreOptions,
} from './cross-encoder.js';
export type { Pair } from './pair-encoder.js';
