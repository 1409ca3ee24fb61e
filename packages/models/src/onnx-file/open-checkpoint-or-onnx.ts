import { type Checkpoint, openCheckpoint, openWithoutWeights } from '../checkpoint.js';
import type { FileSource } from '../file-source.js';
import { chooseOnnxFile, type OnnxChoice } from './variants.js';

/**
 * Opens a checkpoint by its weights, or by the ONNX file that `chooseOnnx` takes; then `onnx` names it and there are no tensors.
 * @throws as `openCheckpoint` and `chooseOnnx`
 */
export async function openCheckpointOrOnnx(source: FileSource, asked?: OnnxChoice): Promise<Checkpoint> {
  const onnx = await chooseOnnxFile(source, asked);
  return onnx === undefined ? openCheckpoint(source) : { ...(await openWithoutWeights(source)), onnx };
}
