import {
  type EncoderConfig,
  NARROW_NAMES,
  narrowWeights,
  singlePrecision,
  type VectorLoss,
} from '@rag/models';
import type { ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import type { EncodedIds } from '@rag/text';
import { paddedEmbeddingGraph } from './embedding-graph.js';
import type { EmbeddingHead } from './embedding-head.js';
import { judgeExport, type NarrowExport } from './judge-export.js';

/** An embedding model as it is exported: what it is made of, its weights read one by one. */
export interface EmbeddingToExport {
  readonly config: EncoderConfig;
  readonly head: EmbeddingHead;
  /** float32 elements of a parameter of `embeddingGraph`. */
  read(name: string): Promise<Float32Array>;
}

const wideModel = ({ config, head, read }: EmbeddingToExport) =>
  singlePrecision(paddedEmbeddingGraph(config, head), read);

/** Writes `onnx/model.onnx`, float32. @throws RangeError for 2 GiB or more where `externalData` is false */
export async function exportEmbedding(
  directory: string,
  model: EmbeddingToExport,
  options: ExportOnnxOptions,
): Promise<WrittenOnnx> {
  const { writeOnnx } = await import('@rag/models/node');
  return writeOnnx(directory, wideModel(model), options);
}

/** How a narrow export is made, and what it is judged on: sequences, and the vectors that the model gives them. */
export interface JudgedExport extends NarrowExport, ExportOnnxOptions {
  readonly sequences: readonly EncodedIds[];
  readonly vectors: readonly Float32Array[];
}

/**
 * Writes a narrower model, once its vectors have been compared with the model's.
 * @throws ExportRefusedError where they are too far away; RangeError for fewer than 4 sequences, and for a model that leaves its
 * prompt out of the vector, whose export has none
 */
export async function exportNarrowEmbedding(
  directory: string,
  model: EmbeddingToExport,
  { sequences, vectors, externalData, ...narrow }: JudgedExport,
): Promise<WrittenOnnx & { readonly loss: VectorLoss }> {
  const { writeOnnx } = await import('@rag/models/node');
  const { dtype } = narrow;
  if (model.head.includePrompt === false)
    throw new RangeError(
      `${dtype}: expected a model whose prompt is part of the vector, got one that leaves it out ("include_prompt" of its Pooling module), so its export has no vector to judge — export it with exportOnnx`,
    );
  let loss: VectorLoss | undefined;
  const written = await writeOnnx(directory, narrowWeights(wideModel(model), dtype), {
    name: NARROW_NAMES[dtype],
    check: async (path, config) => {
      loss = await judgeExport(path, sequences, vectors, narrow, config);
    },
    ...(externalData === undefined ? {} : { externalData }),
  });
  return { ...written, loss: loss! };
}
