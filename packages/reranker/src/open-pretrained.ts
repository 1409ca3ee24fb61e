import { type Checkpoint, expectTask, expectWide, openCheckpointOrOnnx, verifyGolden } from '@rag/models';
import type { HubOptions } from '@rag/models/node';
import { checkPairs } from './check-pairs.js';
import type { FromPretrainedOptions } from './cross-encoder-options.js';
import type { PairReranker } from './pair-reranker.js';

/**
 * A model by its directory or its name on the hub: refused where that states another task, replayed against golden.json with
 * `verify`, and warned of where its head is fresh or something had to be assumed.
 * @throws HubError, FileSourceError, ModelKindError, GoldenError and what `open` throws
 */
export async function openPretrained<Model extends PairReranker>(
  idOrDirectory: string,
  options: FromPretrainedOptions & HubOptions,
  open: (checkpoint: Checkpoint) => Promise<Model>,
): Promise<Model> {
  const { openHubOrDirectory } = await import('@rag/models/node');
  const source = await openHubOrDirectory(idOrDirectory, options);
  const checkpoint = await openCheckpointOrOnnx(source, options.onnx);
  if (options.verify) expectWide(checkpoint.onnx, idOrDirectory);
  if (options.newHead !== true)
    await expectTask(
      checkpoint,
      'reranker',
      idOrDirectory,
      'pass newHead: true to put a fresh head on its encoder',
    );
  const model = await open(checkpoint);
  if (options.verify)
    await verifyGolden(source, 'reranker', idOrDirectory, (inputs) => model.golden(checkPairs(inputs))).catch(
      (error: unknown) => {
        model.dispose();
        throw error;
      },
    );
  if (model.initialized.length > 0 && options.newHead === undefined)
    console.warn(
      `${idOrDirectory}: expected a classification head, got none, so ${model.initialized.join(', ')} start from random values — train the model before use, or pass newHead: true to say so`,
    );
  const { assumed } = model.parts;
  if (model.initialized.length === 0 && assumed !== undefined) console.warn(`${idOrDirectory}: ${assumed}`);
  return model;
}
