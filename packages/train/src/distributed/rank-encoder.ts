import { type Collective, partOfRank } from '@rag/runtime';
import type { VectorEncoder } from '../encode/encode-file.js';
import type { UnfinishedFile } from '../encode/unfinished-file.js';

/**
 * An encoder of which every rank encodes its contiguous part of the texts; all ranks are given all vectors. Batches are those of the parts, so
 * the last bits of vectors depend on how many ranks there are.
 *
 * @param agree called between two windows: whether all ranks stop
 */
export function encoderOfRank(
  encoder: VectorEncoder,
  collective: Collective,
  agree: () => Promise<void>,
): VectorEncoder {
  const { width } = encoder;
  const { rank, size } = collective;
  // What was prepared is encoded by the same array.
  const parts = new WeakMap<readonly string[], readonly string[]>();
  const partOf = (texts: readonly string[]): readonly string[] => {
    const part = parts.get(texts) ?? texts.slice(...partOfRank(texts.length, { rank, ranks: size }));
    parts.set(texts, part);
    return part;
  };
  return {
    width,
    ...(encoder.prepare && { prepare: (texts) => encoder.prepare?.(partOf(texts)) }),
    async encode(texts, { onProgress }) {
      const part = partOf(texts);
      const own =
        part.length === 0
          ? []
          : await encoder.encode(part, {
              onProgress: (done) => onProgress(Math.min(done * size, texts.length)),
            });
      const starts = Array.from({ length: size + 1 }, (_, ranks) =>
        ranks === size ? texts.length : partOfRank(texts.length, { rank: ranks, ranks: size })[0],
      );
      const all = new Float32Array(texts.length * width);
      for (const [i, vector] of own.entries()) all.set(vector, ((starts[rank] ?? 0) + i) * width);
      await collective.allGather(
        all,
        starts.map((start) => start * width),
      );
      await agree();
      return texts.map((_, i) => all.subarray(i * width, (i + 1) * width));
    },
  };
}

/** The file of a rank: rank 0 writes it. */
export function unfinishedFileOfRank(
  file: UnfinishedFile,
  { rank }: Pick<Collective, 'rank'>,
): UnfinishedFile {
  if (rank === 0) return file;
  const nothing = async (): Promise<void> => {};
  return {
    ...{ name: file.name, noteName: file.noteName, note: file.note },
    ...{ begin: nothing, goOn: nothing, append: nothing, commit: nothing },
    ...{ finish: nothing, close: nothing, discard: nothing },
  };
}
