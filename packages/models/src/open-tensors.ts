import type { Dtype } from './dtype.js';
import type { FileSource } from './file-source.js';
import type { LowRank } from './lora/low-rank.js';
import { type PytorchTensor, readPytorchFile } from './pytorch-file.js';
import { readSafetensorsHeader, readTensor, type TensorEntry } from './safetensors.js';
import { readShardIndex, readShards } from './safetensors-index.js';

/** Where a tensor's bytes lie, as an ONNX external-data entry wants it. */
export interface TensorLocation {
  /** Relative to the checkpoint; `FileSource.localPath` gives its real path. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly dtype: Dtype;
}

/** A tensor that lies elsewhere than the checkpoint's own, or plus adapters, whose sum lies nowhere: its parts. */
export interface TensorParts {
  readonly location: TensorLocation;
  /** What `location` is relative to; absent: the checkpoint. */
  readonly source?: FileSource;
  /** Products that are added to the elements there. */
  adapters(): Promise<readonly LowRank[]>;
}

/** The tensors of a checkpoint, whichever shard holds them. Asking for an unknown name throws a RangeError. */
export interface TensorIndex {
  /** In file order. */
  readonly names: readonly string[];
  has(name: string): boolean;
  shape(name: string): readonly number[];
  dtype(name: string): Dtype;
  /** The elements as float32, row-major. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** undefined where the elements do not lie one after another, as in some views of torch; `read` gathers them. */
  location(name: string): TensorLocation | undefined;
  /** The parts of a tensor that has no location because an adapter is added to it, or stands in its place; undefined for others, and where no part lies in a file. */
  parts?(name: string): TensorParts | undefined;
}

/** A tensor, whichever format holds it. */
interface OpenTensor {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly location: TensorLocation | undefined;
  read(): Promise<Float32Array<ArrayBuffer>>;
}

/**
 * The tensors of one file: `.safetensors`, `.bin` of torch.save, or an `.index.json` of shards of either. Elements stay in the file until they
 * are read.
 * @throws FileSourceError for a missing file, SafetensorsError or PytorchFileError for one that breaks its format
 */
export const openTensors = async (source: FileSource, file: string): Promise<TensorIndex> =>
  tensorIndex(await openWeights(source, file));

async function openWeights(source: FileSource, file: string): Promise<ReadonlyMap<string, OpenTensor>> {
  const safetensors = (entry: TensorEntry): OpenTensor => {
    const { file: holder, offset, length, dtype, shape } = entry;
    const location = { file: holder, offset, length, dtype };
    return { shape, dtype, location, read: () => readTensor(source, entry) };
  };
  const pytorch = ({ file: holder, place, dtype, shape, read }: PytorchTensor): OpenTensor => {
    return { shape, dtype, location: place && { file: holder, ...place, dtype }, read };
  };
  if (file.endsWith('.bin')) return mapValues(await readPytorchFile(source, file), pytorch);
  if (file.endsWith('.bin.index.json'))
    return mapValues(await readShards(source, file, (shard) => readPytorchFile(source, shard)), pytorch);
  if (file.endsWith('.index.json')) return mapValues(await readShardIndex(source, file), safetensors);
  return mapValues((await readSafetensorsHeader(source, file)).tensors, safetensors);
}

const mapValues = <T>(map: ReadonlyMap<string, T>, open: (value: T) => OpenTensor): Map<string, OpenTensor> =>
  new Map([...map].map(([name, value]) => [name, open(value)]));

/** Opened tensors by name. */
export function tensorIndex(tensors: ReadonlyMap<string, OpenTensor>): TensorIndex {
  const find = (name: string): OpenTensor => {
    const tensor = tensors.get(name);
    if (!tensor) {
      throw new RangeError(
        `tensor ${JSON.stringify(name)}: expected a name of this checkpoint, got none of its ${tensors.size} — see names`,
      );
    }
    return tensor;
  };
  return {
    names: [...tensors.keys()],
    has: (name) => tensors.has(name),
    shape: (name) => find(name).shape,
    dtype: (name) => find(name).dtype,
    read: async (name) => find(name).read(),
    location: (name) => find(name).location,
  };
}
