import { type EncoderConfig, singlePrecision } from '@rag/models';
import type { ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import { paddedColbertGraph } from './colbert-graph.js';
import type { ColbertSettings } from './colbert-settings.js';

/** A ColBERT model as it is exported: what it is made of, its weights read one by one. */
export interface ColbertToExport {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  /** float32 elements of a parameter of `colbertGraph`. */
  read(name: string): Promise<Float32Array>;
}

/** Writes `onnx/model.onnx`, float32. @throws RangeError for 2 GiB or more where `externalData` is false */
export async function exportColbert(
  directory: string,
  { config, settings, read }: ColbertToExport,
  options: ExportOnnxOptions,
): Promise<WrittenOnnx> {
  const { writeOnnx } = await import('@rag/models/node');
  return writeOnnx(directory, singlePrecision(paddedColbertGraph(config, settings), read), options);
}
