import type { TensorIndex } from '../checkpoint.js';
import { DTYPE_BYTES, elementCount } from '../dtype.js';
import type { FileSource } from '../file-source.js';
import type { TensorToWrite } from '../safetensors-write.js';

/** Rows that are read in one go, gaps included. */
const RUN = 4096;
/** Rows between two wanted ones that are read over rather than skipped. */
const GAP = 64;

/**
 * Rows of a tensor in its own dtype, read when it is written: memory for the result and a run of rows.
 * @param ids rows, ascending
 */
export function gatherRows(
  source: FileSource,
  tensors: TensorIndex,
  name: string,
  ids: readonly number[],
): TensorToWrite {
  const [, ...inner] = tensors.shape(name);
  const dtype = tensors.dtype(name);
  const place = tensors.location(name);
  const width = elementCount(inner);
  return {
    name,
    shape: [ids.length, ...inner],
    dtype,
    async data() {
      if (place === undefined) {
        const values = await tensors.read(name);
        const rows = new Float32Array(ids.length * width);
        for (const [i, id] of ids.entries())
          rows.set(values.subarray(id * width, (id + 1) * width), i * width);
        return rows;
      }
      const bytes = width * DTYPE_BYTES[dtype];
      const rows = new Uint8Array(ids.length * bytes);
      for (let from = 0; from < ids.length; ) {
        const first = ids[from]!;
        let to = from + 1;
        while (to < ids.length && ids[to]! - ids[to - 1]! <= GAP && ids[to]! - first < RUN) to++;
        const count = ids[to - 1]! - first + 1;
        const run = await source.read(place.file, place.offset + first * bytes, count * bytes);
        for (let i = from; i < to; i++) {
          const at = (ids[i]! - first) * bytes;
          rows.set(run.subarray(at, at + bytes), i * bytes);
        }
        from = to;
      }
      return rows;
    },
  };
}
