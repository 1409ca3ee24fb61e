import {
  COLUMNS,
  columnsOf,
  type EncoderConfig,
  openTrainableFile,
  type TrainableFile,
  type WantedOutput,
} from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import {
  type Batch,
  type ChunkedBatch,
  Tensor,
  type TrainingBatch,
  type TrainingSession,
} from '@rag/runtime';
import type { AdapterSettings } from '../config/check-adapter.js';
import { ConfigError } from '../config/config-error.js';
import type { TaskBatch } from '../trainer.js';

/** An ONNX file that a run trains in place of a checkpoint's weights. */
export interface TrainedFile {
  readonly file: TrainableFile;
  /** As the file has them, by its names. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** @throws as `openTrainableFile` */
export async function openTrainedFile(
  source: Parameters<typeof openTrainableFile>[0],
  path: string,
  config: EncoderConfig,
  wanted: WantedOutput,
): Promise<TrainedFile> {
  const file = await openTrainableFile(source, path, config, wanted);
  const weights = new Map<string, Float32Array>();
  for (const { name } of file.parameters) weights.set(name, await file.read(name));
  return { file, weights };
}

/** What is other than with a checkpoint: no dropout, and tensors that stay. */
export function describeFile({ path, parameters, frozen }: TrainableFile): string {
  const stay = frozen.length === 0 ? '' : `; not trained: ${frozen.join(', ')}`;
  return `${path}: ${parameters.length} weights; dropout: none in this file${stay}`;
}

/** Batches as a graph over a file is fed them: with the columns that hold tokens. */
export async function* withColumns(batches: AsyncIterable<TaskBatch>): AsyncGenerator<TaskBatch> {
  for await (const one of batches) yield { ...one, batch: one.batch && fedToFile(one.batch) };
}

function fedToFile(batch: TrainingBatch): TrainingBatch {
  if (!isChunked(batch)) return withOwnColumns(batch);
  const { chunks, ...rest } = batch;
  return {
    ...rest,
    chunks: {
      *[Symbol.iterator]() {
        for (const chunk of chunks) yield withOwnColumns(chunk);
      },
    },
  };
}

const isChunked = (batch: TrainingBatch): batch is ChunkedBatch => Symbol.iterator in Object(batch.chunks);

function withOwnColumns(batch: Batch): Batch {
  const columns = columnsOf(batch.position_ids!.data as BigInt64Array);
  return { ...batch, [COLUMNS]: new Tensor('int64', [columns.length], columns) };
}

/** Refuses to write a second file of the same name. @throws ConfigError */
export function checkExport(exportOnnx: boolean, { path }: TrainableFile): void {
  if (exportOnnx)
    throw new ConfigError(
      'export_onnx',
      'export_onnx',
      `expected it left out for a model that is trained from ${path}, got true — onnx/model.onnx is written anyway`,
    );
}

/** Settings of adapters and frozen weights are of checkpoints. @throws ConfigError */
export function refuseAdapters(
  config: AdapterSettings & {
    readonly gradientCheckpointing: boolean;
    readonly fixPositionEmbedding?: boolean;
    readonly fixEncoder?: boolean;
  },
  { path }: TrainableFile,
): void {
  const asked = (
    [
      ['use_lora', config.useLora],
      ['freeze', config.freeze],
      ['trainable', config.trainable],
      ['layer_split', config.layerSplit],
      ['gradient_checkpointing', config.gradientCheckpointing],
      ['fix_position_embedding', config.fixPositionEmbedding],
      ['fix_encoder', config.fixEncoder],
    ] as const
  ).find(([, value]) => value);
  if (asked)
    throw new ConfigError(
      asked[0],
      asked[0],
      `expected a checkpoint of weights with it, got the ONNX file ${path} — leave it out, or start from the safetensors checkpoint`,
    );
}

/** The checkpoint with the trained file in the place of tensors. */
export function withTrainedFile(
  checkpoint: CheckpointToSave,
  file: TrainableFile,
  session: Pick<TrainingSession, 'weights'>,
): CheckpointToSave {
  const live = new Map(session.weights().map(({ name, data }) => [name, data as Float32Array]));
  return { ...checkpoint, tensors: [], onnx: file.withWeights((name) => live.get(name)!) };
}
