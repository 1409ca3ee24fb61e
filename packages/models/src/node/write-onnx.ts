import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeOneFile, encodeSplit, isLarge, type PortableModel } from '../export/portable-model.js';
import { WEIGHTS_AS_STORED } from '../model-with-weights.js';
import { fileSink, syncDirectory, temporaryName, writeFileAtomically } from './file-sink.js';

/** The folder of a model directory that transformers.js and optimum look into. */
export const ONNX_FOLDER = 'onnx';

export interface WriteOnnxOptions {
  /** The file's name without `.onnx`: `model`, `model_fp16`, …; `model` by default. */
  readonly name?: string;
  /** true: weights in `<name>.onnx_data`; false: in the model, which is then less than 2 GiB. By default in the model where they take less than 512 MiB. */
  readonly externalData?: boolean;
  /** Looks at the finished model, by its path and the session config that it is opened with, before it takes its place; what it throws keeps it out. */
  readonly check?: (path: string, config: Readonly<Record<string, string>>) => Promise<void>;
}

/** What a caller may say of it. */
export type ExportOnnxOptions = Pick<WriteOnnxOptions, 'externalData'>;

/** What was written. */
export interface WrittenOnnx {
  /** Paths of the model and, where its weights are apart, of them. */
  readonly files: readonly string[];
  /** Of all of them. */
  readonly bytes: number;
}

/**
 * Writes `onnx/<name>.onnx` of a model directory, complete or not at all: beside it first, then into its place. An older model of this
 * name is removed before the weights that it points at are replaced, so a crash leaves no model rather than one with another's
 * weights.
 * @throws RangeError for weights that do not fit into one file where `externalData` is false; what `check` throws
 */
export async function writeOnnx(
  directory: string,
  model: PortableModel,
  { name = 'model', externalData = isLarge(model.graph), check }: WriteOnnxOptions = {},
): Promise<WrittenOnnx> {
  if (!/^model(_[a-z0-9]+)?$/.test(name))
    throw new RangeError(
      `name: expected "model" or "model_" and letters or digits, got ${JSON.stringify(name)} — transformers.js looks for such`,
    );
  const folder = join(directory, ONNX_FOLDER);
  const [file, dataFile] = [`${name}.onnx`, `${name}.onnx_data`];
  await mkdir(folder, { recursive: true });
  const staging = join(folder, temporaryName(name));
  await mkdir(staging);
  try {
    let bytes: number;
    if (externalData) {
      const split = encodeSplit(model, dataFile);
      const sink = await fileSink(join(staging, dataFile));
      try {
        for await (const part of split.parts()) await sink.write(part);
        await sink.close();
      } catch (error) {
        await sink.abort();
        throw error;
      }
      await writeFileAtomically(join(staging, file), split.model);
      bytes = split.length + split.model.length;
    } else {
      const whole = await encodeOneFile(model);
      await writeFileAtomically(join(staging, file), whole);
      bytes = whole.length;
    }
    await check?.(join(staging, file), externalData && isLarge(model.graph) ? WEIGHTS_AS_STORED : {});
    if (externalData) {
      await rm(join(folder, file), { force: true });
      await rename(join(staging, dataFile), join(folder, dataFile));
    }
    await rename(join(staging, file), join(folder, file));
    if (!externalData) await rm(join(folder, dataFile), { force: true });
    await syncDirectory(folder);
    const files = (externalData ? [file, dataFile] : [file]).map((written) => join(folder, written));
    return { files, bytes };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
