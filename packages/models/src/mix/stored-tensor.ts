import type { TensorIndex } from '../checkpoint.js';
import { DTYPE_BYTES, type Dtype, toFloat32 } from '../dtype.js';
import type { FileSource } from '../file-source.js';
import { readPytorchFile } from '../pytorch-file.js';
import { readSafetensorsHeader, readTensor } from '../safetensors.js';

/** A tensor of a model, whichever format holds it. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Whether a part can be read without the rest. */
  readonly hasParts: boolean;
  /** `count` elements from element `from`, as float32. */
  read(from: number, count: number): Promise<Float32Array>;
  /** Little-endian, as in the file; undefined where they do not lie one after another. */
  bytes(): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

function storedTensor(
  source: FileSource,
  where: string,
  { dtype, shape }: Pick<StoredTensor, 'dtype' | 'shape'>,
  place: Place | undefined,
  readAll: () => Promise<Float32Array>,
): StoredTensor {
  const width = DTYPE_BYTES[dtype];
  return {
    dtype,
    shape,
    hasParts: place !== undefined,
    async read(from, count) {
      if (!place) return (await readAll()).subarray(from, from + count);
      const bytes = await source.read(place.file, place.offset + from * width, count * width);
      return toFloat32(bytes, dtype, where);
    },
    bytes: async () => place && source.read(place.file, place.offset, place.length),
  };
}

const placeOf = (name: string, file: string) => `${file}: tensor ${JSON.stringify(name)}`;

/** The tensors of a checkpoint. */
export function tensorsOfCheckpoint(
  source: FileSource,
  tensors: TensorIndex,
): ReadonlyMap<string, StoredTensor> {
  return new Map(
    tensors.names.map((name) => {
      const place = tensors.location(name);
      const header = { dtype: tensors.dtype(name), shape: tensors.shape(name) };
      const where = placeOf(name, place?.file ?? 'checkpoint');
      return [name, storedTensor(source, where, header, place, () => tensors.read(name))];
    }),
  );
}

/** The tensors of a safetensors file or of one that torch.save wrote. */
export async function tensorsOfFile(
  source: FileSource,
  file: string,
): Promise<ReadonlyMap<string, StoredTensor>> {
  if (file.endsWith('.safetensors')) {
    const { tensors } = await readSafetensorsHeader(source, file);
    return new Map(
      [...tensors].map(([name, entry]) => [
        name,
        storedTensor(source, placeOf(name, file), entry, entry, () => readTensor(source, entry)),
      ]),
    );
  }
  const tensors = await readPytorchFile(source, file);
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      storedTensor(
        source,
        placeOf(name, file),
        tensor,
        tensor.place && { file: tensor.file, ...tensor.place },
        () => tensor.read(),
      ),
    ]),
  );
}
