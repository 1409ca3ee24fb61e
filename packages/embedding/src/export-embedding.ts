import { type EncoderConfig, singlePrecision } from '@rag/models';
import type { ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import { paddedEmbeddingGraph } from './embedding-graph.js';
import type { EmbeddingHead } from './embedding-head.js';

/** An embedding model as it is exported: what it is made of, its weights read one by one. */
export interface EmbeddingToExport {
  readonly config: EncoderConfig;
  readonly head: EmbeddingHead;
  /** float32 elements of a parameter of `embeddingGraph`. */
  read(name: string): Promise<Float32Array>;
}

/** Writes `onnx/model.onnx`, float32. @throws RangeError for 2 GiB or more where `externalData` is false */
export async function exportEmbedding(
  directory: string,
  { config, head, read }: EmbeddingToExport,
  options: ExportOnnxOptions,
): Promise<WrittenOnnx> {
  const { writeOnnx } = await import('@rag/models/node');
  return writeOnnx(directory, singlePrecision(paddedEmbeddingGraph(config, head), read), options);
}
