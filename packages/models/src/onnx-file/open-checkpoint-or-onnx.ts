import { type Checkpoint, openCheckpoint, openWithoutWeights } from '../checkpoint.js';
import type { FileSource } from '../file-source.js';
import { OptionError } from '../option-error.js';
import { chooseOnnxFile, type OnnxChoice } from './variants.js';

/**
 * Opens a checkpoint by its weights, or by the ONNX file that `chooseOnnx` takes; then `onnx` names it and there are no tensors.
 * @throws as `openCheckpoint` and `chooseOnnx`
 */
export async function openCheckpointOrOnnx(source: FileSource, asked?: OnnxChoice): Promise<Checkpoint> {
  const onnx = await chooseOnnxFile(source, asked);
  if (onnx !== undefined && source.adapter)
    throw new OptionError(
      'onnx',
      `expected the weights of a model with an adapter, got ${onnx} of its base model`,
      'leave it out, and export the merged model',
    );
  return onnx === undefined ? openCheckpoint(source) : { ...(await openWithoutWeights(source)), onnx };
}
