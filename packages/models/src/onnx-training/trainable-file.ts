import {
  cast,
  constantInitializers,
  type DecodedParameter,
  decodeTrainable,
  type ExternalData,
  exchangeWeights,
  formatBlocked,
  formatType,
  GraphError,
  type InitializerElements,
  initializerElements,
  inlineInitializers,
  type ModelProto,
  readModelProto,
  typeOf,
  type Value,
} from '@rag/onnx';
import { type EncoderInputs, encoderInputs } from '../encoder-inputs.js';
import type { FileSource } from '../file-source.js';
import { OnnxFileError } from '../onnx-file/onnx-file-error.js';
import { readOnnxFile } from '../onnx-file/read-onnx-file.js';
import { columnsInput, type FileInputs, fileInputs, rowsOfCells } from './file-inputs.js';

/** A model file for other tools, and the file of its weights where they lie apart. */
export interface OnnxToSave {
  /** Becomes `onnx/model.onnx`. */
  readonly model: Uint8Array;
  /** Becomes `onnx/model.onnx_data`. */
  readonly data?: () => Iterable<Uint8Array>;
}

/** An ONNX file of another tool whose weights are trained. */
export interface TrainableFile {
  /** Relative to the checkpoint. */
  readonly path: string;
  /** Its weights by their names in the file, which are not Hugging Face's where the exporter changed their layout. */
  readonly parameters: readonly DecodedParameter[];
  /** Tensors of floats that stay as they are. */
  readonly frozen: readonly string[];
  /**
   * The output over a packed batch, as the file has it: [batch, …], where a length is `columns`, which is fed too. There is no dropout in
   * a file for inference.
   */
  output(inputs: EncoderInputs, columns?: Value): Value;
  /** The same output, of token vectors, as rows [tokens, width] of the packed batch. */
  rows(inputs: EncoderInputs): Value;
  /** A weight as the file has it. */
  read(name: string): Promise<Float32Array>;
  /** The file with other weights; those beyond a message's 2 GiB lie apart as they did. */
  withWeights(weights: (name: string) => Float32Array): OnnxToSave;
}

/** Which output of a file is trained. */
export interface WantedOutput {
  readonly names: readonly string[];
  readonly rank: number;
  readonly width: number;
}

/** Bytes to which external data is aligned: a page, so that it can be mapped. */
const ALIGNMENT = 4096;
const DATA_FILE = 'model.onnx_data';

/**
 * Opens an ONNX file of a checkpoint to train it: float32 initializers are its weights. Its inputs are computed from packed batches.
 * @param wanted the output by one of these names, or the only one there is, and its axes: their number, and the size of the last one
 * @throws OnnxFileError for a file that is refused or damaged, for other inputs or outputs than those of text encoders, and for one that
 * cannot be trained, with every op that is in the way
 */
export async function openTrainableFile(
  source: FileSource,
  path: string,
  config: Parameters<typeof fileInputs>[2],
  { names, rank, width }: WantedOutput,
): Promise<TrainableFile> {
  const file = await readOnnxFile(source, path);
  const refuse = (problem: string, cause?: unknown): never => {
    throw new OnnxFileError(path, problem, cause === undefined ? undefined : { cause });
  };
  const asFileError = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return refuse(error.message, error);
    }
  };
  const bytes = await file.bytes();
  const model = asFileError(() => readModelProto(bytes));
  const elements = asFileError(() => initializerElements(model));
  const external = ({ location, offset, length }: ExternalData) =>
    source.read(file.external.get(location)!, offset, length);
  const output = outputName(model, names, refuse);
  const decode = (inputs: EncoderInputs, columns: Value) =>
    asFileError(() =>
      decodeTrainable(model, {
        inputs: given(model, fileInputs(inputs, columns, config), refuse),
        outputs: [output],
      }),
    );
  await inlineConstants(model, elements, external);
  const { outputs, parameters, frozen, blocked } = decode(encoderInputs(), columnsInput());
  if (blocked.length > 0)
    refuse(
      `expected ops that have a gradient rule, got ${formatBlocked(blocked)} — train from the fp32 file or the safetensors checkpoint`,
    );
  const { shape } = outputs[output]!;
  if (shape.length !== rank || shape.at(-1) !== width)
    refuse(
      `expected "${output}" of ${rank} axes, the last of ${width}, got [${shape.join(', ')}] — train it as a model of its own task, or export it for this one`,
    );
  const holderOf = new Map(parameters.map(({ name, initializer }) => [name, initializer]));
  return {
    path,
    parameters,
    frozen,
    output: (inputs, columns = columnsInput()) => decode(inputs, columns).outputs[output]!,
    rows(inputs) {
      const columns = columnsInput();
      return rowsOfCells(decode(inputs, columns).outputs[output]!, inputs, columns);
    },
    async read(name) {
      const held = elements.get(holderOf.get(name) ?? name)!;
      const data = held instanceof Uint8Array ? new Uint8Array(held) : await external(held);
      return new Float32Array(data.buffer);
    },
    withWeights: (weights) => {
      const apart = [...elements.values()].some((held) => !(held instanceof Uint8Array));
      return apart
        ? splitModel(model, parameters, weights)
        : { model: exchangeWeights(model, parameters, (name) => bytesOf(weights(name))) };
    },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function outputName(
  { graph }: ModelProto,
  names: readonly string[],
  refuse: (problem: string) => never,
): string {
  const there = graph?.output.map(({ name }) => name) ?? [];
  const found = names.find((name) => there.includes(name)) ?? (there.length === 1 ? there[0] : undefined);
  return (
    found ??
    refuse(
      `expected an output ${names.map((name) => `"${name}"`).join(' or ')}, got ${there.join(', ') || 'none'} — train it as a model of its own task, or export it for this one`,
    )
  );
}

/** What stands in the place of the file's inputs, in the integers that it declares. */
function given(
  { graph }: ModelProto,
  inputs: FileInputs,
  refuse: (problem: string) => never,
): Record<string, Value> {
  const known: Readonly<Record<string, Value>> = { ...inputs };
  const held = new Set(graph?.initializer.map(({ name }) => name));
  const values: Record<string, Value> = {};
  for (const info of graph?.input ?? []) {
    if (held.has(info.name)) continue;
    const type = typeOf(info);
    const value = Object.hasOwn(known, info.name) ? known[info.name]! : undefined;
    if (!value || type.shape.length !== 2 || type.shape.some((dim) => typeof dim === 'number'))
      return refuse(
        `expected inputs out of ${Object.keys(known).join(', ')} of any batch and length, got "${info.name}" ${formatType(type)} — export the model with dynamic axes and without further inputs`,
      );
    values[info.name] = cast(value, type.dtype);
  }
  return values;
}

/** What is no weight is part of the graph, wherever it lies. */
async function inlineConstants(
  model: ModelProto,
  elements: ReadonlyMap<string, InitializerElements>,
  external: (place: ExternalData) => Promise<Uint8Array>,
): Promise<void> {
  const inline = new Map<string, Uint8Array>();
  for (const name of constantInitializers(model)) {
    const held = elements.get(name)!;
    if (!(held instanceof Uint8Array)) inline.set(name, await external(held));
  }
  inlineInitializers(model, inline);
}

function splitModel(
  model: ModelProto,
  parameters: readonly DecodedParameter[],
  weights: (name: string) => Float32Array,
): OnnxToSave {
  const places = new Map<string, ExternalData>();
  let end = 0;
  for (const { name, shape } of parameters) {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const length = shape.reduce((product, dim) => product * dim, 4);
    places.set(name, { location: DATA_FILE, offset, length });
    end = offset + length;
  }
  return {
    model: exchangeWeights(model, parameters, (name) => places.get(name)!),
    *data() {
      let at = 0;
      for (const [name, { offset, length }] of places) {
        if (offset > at) yield new Uint8Array(offset - at);
        yield bytesOf(weights(name));
        at = offset + length;
      }
    },
  };
}
