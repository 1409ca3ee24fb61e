import {
  type EncoderConfig,
  NARROW_NAMES,
  narrowWeights,
  type ScoreLoss,
  singlePrecision,
} from '@rag/models';
import type { ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import type { EncodedIds } from '@rag/text';
import { paddedClassifierGraph } from './classifier-graph.js';
import { judgeExport, type NarrowExport } from './judge-export.js';

/** A reranker as it is exported: its config, and its weights read one by one. */
export interface ClassifierToExport {
  readonly config: EncoderConfig;
  /** float32 elements of a parameter of `classifierGraph`. */
  read(name: string): Promise<Float32Array>;
}

const wideModel = ({ config, read }: ClassifierToExport) =>
  singlePrecision(paddedClassifierGraph(config), read);

/** Writes `onnx/model.onnx`, float32. @throws RangeError for 2 GiB or more where `externalData` is false */
export async function exportClassifier(
  directory: string,
  model: ClassifierToExport,
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
export async function exportNarrowClassifier(
  directory: string,
  model: ClassifierToExport,
  { sequences, scores, dtype, externalData, leastSpearman }: JudgedExport,
): Promise<WrittenOnnx & { readonly loss: ScoreLoss }> {
  const { writeOnnx } = await import('@rag/models/node');
  const narrow = { dtype, ...(leastSpearman === undefined ? {} : { leastSpearman }) };
  let loss: ScoreLoss | undefined;
  const written = await writeOnnx(directory, narrowWeights(wideModel(model), dtype), {
    name: NARROW_NAMES[dtype],
    check: async (path) => {
      loss = await judgeExport(path, sequences, scores, narrow);
    },
    ...(externalData === undefined ? {} : { externalData }),
  });
  return { ...written, loss: loss! };
}
