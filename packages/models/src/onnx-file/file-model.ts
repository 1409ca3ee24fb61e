import type { EncoderConfig } from '../config.js';
import type { FileSource } from '../file-source.js';
import { bfloat16ToFloat32, float16ToFloat32 } from '../float16.js';
import type { Weights } from '../weights.js';
import { OnnxFileError } from './onnx-file-error.js';
import {
  checkFileInputs,
  type GraphSlot,
  type PackedFeeds,
  type PaddedFeeds,
  type PlainTensor,
  paddedFeeds,
} from './padded-feeds.js';
import { readOnnxFile, type SessionModel, sessionModel } from './read-onnx-file.js';

/** A session over an ONNX file; one of `@rag/runtime` is, once its feeds are made tensors. */
export interface FileSession {
  readonly inputs: readonly GraphSlot[];
  readonly outputs: readonly GraphSlot[];
  run(feeds: PaddedFeeds['feeds'], outputs: readonly string[]): Promise<Record<string, PlainTensor>>;
}

/** One output over a packed batch. */
export interface FileOutput {
  /** As the graph gave it. */
  readonly shape: readonly number[];
  /** float32, whichever width the graph gave. */
  readonly data: Float32Array;
  /** Of an output [batch, seq, width]: the rows [tokens, width] of the packed batch. */
  rows(): Float32Array;
}

/** An ONNX file of another tool, which is fed packed batches as our own graphs are. */
export interface FileModel {
  readonly path: string;
  readonly outputs: readonly GraphSlot[];
  /** @throws OnnxFileError for an output of another rank or batch than it should have */
  run(packed: PackedFeeds, output: string): Promise<FileOutput>;
}

/** @throws OnnxFileError for a graph that cannot be fed with padded texts */
export function fileModel(
  path: string,
  config: Pick<EncoderConfig, 'model_type' | 'max_position_embeddings' | 'pad_token_id'>,
  session: FileSession,
): FileModel {
  checkFileInputs(path, session.inputs);
  return {
    path,
    outputs: session.outputs,
    async run(packed, output) {
      const padded = paddedFeeds(session.inputs, packed, config);
      const { [output]: found } = await session.run(padded.feeds, [output]);
      const { shape } = found!;
      const data = floatsOf(path, output, found!);
      const width = shape[2] ?? 1;
      const fits = shape[0] === padded.batch && (shape.length < 3 || shape[1] === padded.seq);
      if (!fits)
        throw new OnnxFileError(
          path,
          `expected "${output}" for ${padded.batch} texts of ${padded.seq} tokens, got [${shape.join(', ')}] — export the model with dynamic axes`,
        );
      return { shape, data, rows: () => padded.rows(data, width) };
    },
  };
}

/**
 * The output that has one of the names, or the only one of that rank where none has.
 * @param axes what its axes are, for the error
 * @throws OnnxFileError listing the outputs
 */
export function outputOf(
  { path, outputs }: Pick<FileModel, 'path' | 'outputs'>,
  names: readonly string[],
  axes: readonly string[],
): GraphSlot {
  const named = names.map((name) => outputs.find((output) => output.name === name)).find((slot) => slot);
  if (named) return named;
  const [only, ...others] = outputs;
  if (only && others.length === 0 && only.shape.length === axes.length) return only;
  const shown = outputs.map(
    ({ name, shape }) => `"${name}" [${shape.map((size) => size || '?').join(', ')}]`,
  );
  throw new OnnxFileError(
    path,
    `expected an output ${names.map((name) => `"${name}"`).join(' or ')} [${axes.join(', ')}], got ${shown.join(', ')} — open it with the class of its task, or export it for this one`,
  );
}

function floatsOf(path: string, name: string, { dtype, data }: PlainTensor): Float32Array {
  if (dtype === 'float32') return data as Float32Array;
  if (dtype === 'float16') return float16ToFloat32(data as Uint16Array);
  if (dtype === 'bfloat16') return bfloat16ToFloat32(data as Uint16Array);
  if (dtype === 'float64') return Float32Array.from(data as Float64Array);
  throw new OnnxFileError(
    path,
    `expected "${name}" of floats, got ${dtype} — export the model with float outputs`,
  );
}

/**
 * Refuses what needs a model's weights where it was opened from an ONNX file.
 * @param path the file, if it was
 * @throws OnnxFileError
 */
export function expectWeights(path: string): never;
export function expectWeights(path: string | undefined): void;
export function expectWeights(path: string | undefined): void {
  if (path === undefined) return;
  throw new OnnxFileError(
    path,
    'expected a model whose weights can be read, got one that was opened from its ONNX file — open the checkpoint that it was exported from',
  );
}

/** The weights of a model that is an ONNX file: within it, in an order and a form of its own. Reading one is an error. */
export const weightsInFile = (path: string): Weights => ({
  sources: new Map(),
  initialized: [],
  read: async () => expectWeights(path),
});

/**
 * Opens an ONNX file of a checkpoint in a session.
 * @param open makes the session; it is disposed of where the graph cannot be used
 * @param provider where it will run
 * @throws OnnxFileError, also for provider `cuda` and a file whose products ONNX Runtime would take back to the CPU; what `open` throws
 */
export async function openFileModel<Opened extends FileSession & { dispose(): void }>(
  source: FileSource,
  path: string,
  config: Parameters<typeof fileModel>[1],
  open: (model: SessionModel) => Promise<Opened>,
  provider?: string,
): Promise<FileModel & { dispose(): void }> {
  const onnx = await readOnnxFile(source, path);
  if (provider === 'cuda' && onnx.cpuOps.size > 0)
    throw new OnnxFileError(
      path,
      `expected ops that run on provider 'cuda', got ${[...onnx.cpuOps].join(', ')}, which ONNX Runtime computes on the CPU, copying every layer's input there — open fp16 or q4, or the weights, or use provider 'cpu'`,
    );
  const session = await open(await sessionModel(onnx));
  try {
    return { ...fileModel(path, config, session), dispose: () => session.dispose() };
  } catch (error) {
    session.dispose();
    throw error;
  }
}
