import { configText } from '../config-text.js';
import type { CheckpointToSave } from '../node/save.js';
import { type ByteSink, type TensorToWrite, writeSafetensors } from '../safetensors-write.js';

/**
 * The files of a checkpoint directory by their path, config.json last: what `saveCheckpoint` writes, for a page, which has no directories.
 * Blobs, since browsers hold those outside of the page's memory; tensors are read one after the other.
 * @throws TypeError for a model that is its ONNX file; what `writeSafetensors` throws
 */
export async function checkpointFiles({
  config,
  tensors,
  onnx,
  files = {},
  tensorFiles = {},
}: CheckpointToSave): Promise<Map<string, Blob>> {
  if (onnx)
    throw new TypeError(
      'checkpoint: expected a model of weights, got one that is its ONNX file — save it in Node, with saveCheckpoint',
    );
  const weights = await tensorBlob(tensors);
  const others: (readonly [string, Blob])[] = [];
  for (const [path, tensorsOf] of Object.entries(tensorFiles))
    others.push([path, await tensorBlob(tensorsOf())]);
  return new Map([
    ...Object.entries(files).map(
      ([path, content]) => [path, new Blob([content as string | Uint8Array<ArrayBuffer>])] as const,
    ),
    ...others,
    ['model.safetensors', weights],
    ['config.json', new Blob([configText(config)])],
  ]);
}

async function tensorBlob(tensors: Iterable<TensorToWrite>): Promise<Blob> {
  const parts: Blob[] = [];
  const sink: ByteSink = {
    // Copied at once: the next tensor may reuse the memory.
    write: async (bytes) => void parts.push(new Blob([bytes as Uint8Array<ArrayBuffer>])),
    close: async () => {},
    abort: async () => void parts.splice(0),
  };
  await writeSafetensors(sink, tensors);
  return new Blob(parts);
}
