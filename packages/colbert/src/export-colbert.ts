import {
  type EncoderConfig,
  NARROW_NAMES,
  narrowWeights,
  type ScoreLoss,
  singlePrecision,
} from '@rag/models';
import type { ExportOnnxOptions, WrittenOnnx } from '@rag/models/node';
import { paddedColbertGraph } from './colbert-graph.js';
import type { ColbertSettings } from './colbert-settings.js';
import { type JudgedPairs, judgeExport, type NarrowExport } from './judge-export.js';

/** A ColBERT model as it is exported: what it is made of, its weights read one by one. */
export interface ColbertToExport {
  readonly config: EncoderConfig;
  readonly settings: ColbertSettings;
  /** float32 elements of a parameter of `colbertGraph`. */
  read(name: string): Promise<Float32Array>;
}

const wideModel = ({ config, settings, read }: ColbertToExport) =>
  singlePrecision(paddedColbertGraph(config, settings), read);

/** Writes `onnx/model.onnx`, float32. @throws RangeError for 2 GiB or more where `externalData` is false */
export async function exportColbert(
  directory: string,
  model: ColbertToExport,
  options: ExportOnnxOptions,
): Promise<WrittenOnnx> {
  const { writeOnnx } = await import('@rag/models/node');
  return writeOnnx(directory, wideModel(model), options);
}

/**
 * Writes a narrower model, once the scores by its token vectors have been compared with the model's.
 * @throws ExportRefusedError where they rank too differently; RangeError for fewer than 3 pairs
 */
export async function exportNarrowColbert(
  directory: string,
  model: ColbertToExport,
  judged: JudgedPairs,
  { externalData, ...narrow }: NarrowExport & ExportOnnxOptions,
): Promise<WrittenOnnx & { readonly loss: ScoreLoss }> {
  const { writeOnnx } = await import('@rag/models/node');
  const { dtype } = narrow;
  let loss: ScoreLoss | undefined;
  const written = await writeOnnx(directory, narrowWeights(wideModel(model), dtype), {
    name: NARROW_NAMES[dtype],
    check: async (path) => {
      loss = await judgeExport(path, judged, narrow);
    },
    ...(externalData === undefined ? {} : { externalData }),
  });
  return { ...written, loss: loss! };
}
