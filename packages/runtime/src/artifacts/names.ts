import { ArtifactError } from './error.js';

/** The files of a directory of training artifacts, as `onnxruntime.training.artifacts.generate_artifacts` names them. */
export const artifactFiles = {
  trainingModel: 'training_model.onnx',
  evalModel: 'eval_model.onnx',
  optimizerModel: 'optimizer_model.onnx',
  checkpoint: 'checkpoint',
} as const;

/** The bytes of the four files. A fresh one-segment plan, or what a directory holds. */
export type TrainingArtifacts = { readonly [File in keyof typeof artifactFiles]: Uint8Array };

/** Input of the training model, bool[1]: true overwrites the gradient buffers in this step, false adds to them. */
export const lazyResetGrad = 'lazy_reset_grad';

/** Input of the training model: the buffer in which a parameter's gradient accumulates (orttraining `training_api/utils.cc`). */
export const gradientBuffer = (parameter: string): string => `${parameter}_grad.accumulation.buffer`;

/** Output of the training model, bool[1]: the flag that `InPlaceAccumulatorV2` returns for a parameter. */
export const gradientUpdated = (parameter: string): string => `${parameter}_grad.accumulation.out`;

/**
 * Endings by which the runtime takes a graph input for a gradient buffer and hides a graph output
 * (orttraining `training_api/module.cc`).
 */
export const gradientSuffixes = ['_grad', '_grad.accumulation.buffer', '_grad.accumulation.out'] as const;

/** Whether the training runtime swallows this graph input or hides this graph output because of its ending. */
export const isGradientName = (name: string): boolean =>
  gradientSuffixes.some((suffix) => name.endsWith(suffix));

/**
 * Inputs of the optimizer model, checked by name and order (orttraining `training_api/optimizer.cc`):
 * float[1], int64[1], then four sequence(tensor(float)).
 * `SGDOptimizerV2` takes the first five.
 */
export const optimizerInputs = {
  learningRate: 'learning_rate',
  step: 'step',
  params: 'params',
  gradients: 'gradients',
  firstOrderMoments: 'first_order_moments',
  secondOrderMoments: 'second_order_moments',
} as const;

/** The one optimizer group that the runtime reads from a checkpoint; groups of any other name are ignored there. */
export const optimizerGroup = 'group0';

/** Names of AdamW's two state tensors per parameter in a checkpoint: m and v. */
export const momentumNames = ['momentum0', 'momentum1'] as const;

/** Domain of the training-only operators (`InPlaceAccumulatorV2`, `AdamWOptimizer`, …), version 1. */
export const trainingDomain = 'com.microsoft';

/** The learning rate that the runtime feeds into `learning_rate`: JavaScript cannot set it, a schedule goes into the optimizer graph. */
export const runtimeLearningRate = 1e-3;

/** Why a name cannot stand among the training model's inputs; undefined if it can. */
function reservedBecause(name: string): string | undefined {
  if (name === '') return 'an empty name, which ONNX reads as "no input"';
  if (name === lazyResetGrad) return 'the name of the reset flag';
  const suffix = gradientSuffixes.findLast((ending) => name.endsWith(ending));
  return suffix && `a name that ends in "${suffix}", which the runtime takes for a gradient buffer`;
}

/**
 * Checks the inputs of a training model against the names by which ONNX Runtime tells them apart.
 * The runtime reports none of this: it feeds a swallowed input from a buffer or asks for a parameter as if it were data.
 * @param userInputs names fed in each step, data and labels
 * @param parameters names held by the checkpoint, trainable and frozen
 * @throws ArtifactError for the first name that is reserved or used twice
 */
export function checkTrainingModelNames(userInputs: readonly string[], parameters: readonly string[]): void {
  const seen = new Map<string, string>();
  const kinds = [
    ['user input', userInputs],
    ['parameter', parameters],
  ] as const;
  for (const [kind, names] of kinds) {
    for (const name of names) {
      const where = `${kind} "${name}"`;
      const reserved = reservedBecause(name);
      if (reserved) {
        throw new ArtifactError(
          where,
          `expected a name free in the training model, got ${reserved} — rename it`,
        );
      }
      const before = seen.get(name);
      if (before) {
        throw new ArtifactError(
          where,
          `expected each input once, got the name of a ${before} — ${
            before === kind ? 'remove one' : 'the runtime would feed the parameter: rename the user input'
          }`,
        );
      }
      seen.set(name, kind);
    }
  }
}
