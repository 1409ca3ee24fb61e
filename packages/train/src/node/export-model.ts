import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ColBERT } from '@rag/colbert';
import type { ByteSource } from '@rag/data';
import { Embedding } from '@rag/embedding';
import { describeLoss, ExportRefusedError, type NarrowDtype } from '@rag/models';
import { ONNX_FOLDER, type WrittenOnnx } from '@rag/models/node';
import type { Reranker } from '@rag/reranker';
import { ConfigError } from '../config/config-error.js';
import { rerankerPairs, retrieverPairs, retrieverTexts } from './export-eval-data.js';

export type ExportableModel = Reranker | Embedding | ColBERT;

/** What transformers.js calls the dtypes that are written; `fp32` is `onnx/model.onnx`. */
export const EXPORT_DTYPES = ['fp32', 'fp16', 'q8', 'q4'] as const;
export type ExportDtype = (typeof EXPORT_DTYPES)[number];

/** Limits of the loss, by the options of `exportNarrow` that set them; a class has some of them. */
export type LossLimits = Readonly<Partial<Record<(typeof LIMITS)[number], number>>>;
const LIMITS = ['leastSpearman', 'leastCosine', 'leastOverlap'] as const;
/** The flags of the limits. */
export const LIMIT_FLAGS: Readonly<Record<(typeof LIMITS)[number], string>> = {
  leastSpearman: '--least_spearman',
  leastCosine: '--least_cosine',
  leastOverlap: '--least_overlap',
};

export interface ExportModelOptions {
  readonly dtypes: readonly ExportDtype[];
  /** Rows of the model's task on which narrow exports are judged. */
  readonly evalData: readonly ByteSource[];
  readonly limits: LossLimits;
  readonly externalData?: boolean;
  /** Writes into a directory with other content too. */
  readonly overwrite?: boolean;
}

/** A file that was written. */
export interface ExportedDtype extends WrittenOnnx {
  readonly dtype: ExportDtype;
  /** What was measured, in words; undefined for fp32. */
  readonly loss?: string;
  /** Bytes of the float32 weights by those of the file. */
  readonly ratio: number;
}

/**
 * Writes a model for other tools: the checkpoint, golden.json and the dtypes that are asked for. Narrow ones are made and judged beside the
 * directory, before anything is written into it.
 * @throws ExportRefusedError, in words of the command's flags, where one loses too much; nothing was written then
 */
export async function exportModel(
  model: ExportableModel,
  output: string,
  { dtypes, evalData, limits, externalData, overwrite = false }: ExportModelOptions,
): Promise<ExportedDtype[]> {
  const external = externalData === undefined ? {} : { externalData };
  const narrow = dtypes.filter((dtype): dtype is NarrowDtype => dtype !== 'fp32');
  const staging = narrow.length > 0 ? await stagingBeside(output) : undefined;
  try {
    const made = new Map<ExportDtype, WrittenOnnx & { loss: string }>();
    if (staging !== undefined) {
      const exportNarrow = await narrowExporter(model, evalData, limits);
      for (const dtype of narrow) made.set(dtype, await exportNarrow(staging, dtype, external));
    }
    await model.savePretrained(output, { golden: true, overwrite });
    const folder = join(output, ONNX_FOLDER);
    const wide = (await stat(join(output, 'model.safetensors'))).size;
    const rows: ExportedDtype[] = [];
    for (const dtype of dtypes) {
      const written = made.get(dtype) ?? (await model.exportOnnx(output, external));
      rows.push({
        ...written,
        dtype,
        files: written.files.map((file) => join(folder, basename(file))),
        ratio: wide / written.bytes,
      });
    }
    if (staging !== undefined) {
      await mkdir(folder, { recursive: true });
      for (const name of await readdir(join(staging, ONNX_FOLDER)))
        await rename(join(staging, ONNX_FOLDER, name), join(folder, name));
    }
    return rows;
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
  }
}

/** A new folder of the file system that the output is on, so that files move from one to the other by a rename. */
async function stagingBeside(output: string): Promise<string> {
  const path = resolve(output);
  await mkdir(dirname(path), { recursive: true });
  return mkdtemp(join(dirname(path), `.${basename(path)}-export-`));
}

type NarrowExporter = (
  directory: string,
  dtype: NarrowDtype,
  external: { externalData?: boolean },
) => Promise<WrittenOnnx & { loss: string }>;

/** Reads what a model is judged on, once for all dtypes. */
async function narrowExporter(
  model: ExportableModel,
  evalData: readonly ByteSource[],
  limits: LossLimits,
): Promise<NarrowExporter> {
  const { leastSpearman, leastCosine, leastOverlap } = limits;
  const spearman = leastSpearman === undefined ? {} : { leastSpearman };
  const cosine = leastCosine === undefined ? {} : { leastCosine };
  const overlap = leastOverlap === undefined ? {} : { leastOverlap };
  const inFlags = async (run: () => Promise<WrittenOnnx & { loss: { readonly count: number } }>) => {
    try {
      const { loss, ...written } = await run();
      return { ...written, loss: describeLoss(loss) };
    } catch (cause) {
      if (!(cause instanceof ExportRefusedError)) throw cause;
      const { option } = cause.limit;
      const flag = LIMIT_FLAGS[option as keyof typeof LIMIT_FLAGS];
      throw Object.assign(new ExportRefusedError(cause.dtype, { ...cause.limit, option: flag }, cause.loss), {
        cause,
      });
    }
  };
  if (model instanceof Embedding) {
    refuseLimits(limits, ['leastCosine', 'leastOverlap'], 'an embedding model');
    const texts = await retrieverTexts(evalData);
    return (directory, dtype, external) =>
      inFlags(() => model.exportNarrow(directory, texts, { dtype, ...external, ...cosine, ...overlap }));
  }
  if (model instanceof ColBERT) {
    refuseLimits(limits, ['leastSpearman', 'leastOverlap'], 'a ColBERT model');
    const pairs = await retrieverPairs(evalData);
    return (directory, dtype, external) =>
      inFlags(() => model.exportNarrow(directory, pairs, { dtype, ...external, ...spearman, ...overlap }));
  }
  refuseLimits(limits, ['leastSpearman'], 'a reranker');
  const pairs = await rerankerPairs(evalData);
  return (directory, dtype, external) =>
    inFlags(() => model.exportNarrow(directory, pairs, { dtype, ...external, ...spearman }));
}

function refuseLimits(limits: LossLimits, known: readonly (keyof LossLimits)[], what: string): void {
  const odd = LIMITS.find((limit) => limits[limit] !== undefined && !known.includes(limit));
  if (odd !== undefined)
    throw new ConfigError(
      LIMIT_FLAGS[odd],
      undefined,
      `expected ${known.map((limit) => LIMIT_FLAGS[limit]).join(' or ')} for ${what}, got ${LIMIT_FLAGS[odd]} — leave it out`,
    );
}
