import {
  type EncoderConfig,
  NARROW_NAMES,
  narrowWeights,
  type ScoreLoss,
  singlePrecision,
} from '@rag/models';
import type { ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import type { EncodedIds } from '@rag/text';
import { judgeExport, type NarrowExport } from './judge-export.js';
import { paddedScoresGraph, type Scores } from './score-model.js';

/** A reranker as it is exported: its config, and its weights read one by one. */
export interface RerankerToExport {
  readonly config: EncoderConfig;
  readonly scores: Scores;
  /** float32 elements of a parameter of `scores`. */
  read(name: string): Promise<Float32Array>;
}

const wideModel = ({ config, scores, read }: RerankerToExport) =>
  singlePrecision(paddedScoresGraph(config, scores), read);

/** Writes `onnx/model.onnx`, float32. @throws RangeError for 2 GiB or more where `externalData` is false */
export async function exportReranker(
  directory: string,
  model: RerankerToExport,
  options: ExportOnnxOptions,
): Promise<WrittenOnnx> {
  const { writeOnnx } = await import('@rag/models/node');
  return writeOnnx(directory, wideModel(model), options);
}

/** How a narrow export is made, and what it is judged on: sequences, and the scores that the model gives them. */
export interface JudgedExport extends NarrowExport, ExportOnnxOptions {
  readonly sequences: readonly EncodedIds[];
  readonly scores: readonly number[];
}

/**
 * Writes a narrower model, once its scores have been compared with the model's.
 * @throws ExportRefusedError where they rank too differently; RangeError for fewer than 3 sequences
 */
export async function exportNarrowReranker(
  directory: string,
  model: RerankerToExport,
  { sequences, scores, dtype, externalData, leastSpearman }: JudgedExport,
): Promise<WrittenOnnx & { readonly loss: ScoreLoss }> {
  const { writeOnnx } = await import('@rag/models/node');
  const narrow = { dtype, ...(leastSpearman === undefined ? {} : { leastSpearman }) };
  let loss: ScoreLoss | undefined;
  const written = await writeOnnx(directory, narrowWeights(wideModel(model), dtype), {
    name: NARROW_NAMES[dtype],
    check: async (path, config) => {
      loss = await judgeExport(path, sequences, scores, narrow, config);
    },
    ...(externalData === undefined ? {} : { externalData }),
  });
  return { ...written, loss: loss! };
}
