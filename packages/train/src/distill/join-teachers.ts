import type { VectorEncoder } from '../encode/encode-file.js';

/** One of several teachers of the same texts. */
export interface VectorTeacher {
  /** As errors call it. */
  readonly name: string;
  readonly encoder: VectorEncoder;
  /** What its vectors of length 1 are multiplied with; above 0. @default 1 */
  readonly weight?: number;
}

/** A vector that has no direction. */
export class ZeroVectorError extends Error {
  override readonly name = 'ZeroVectorError';
}

/**
 * Several teachers as one, whose vectors are theirs side by side: each of length 1, times its weight, then all divided by their
 * length. The cosine of two such vectors is the mean of the teachers' cosines, weighted by the squares of the weights (the stella
 * recipe of RAG-Retrieval, without weights).
 * @throws RangeError for weights; encoding throws ZeroVectorError, and RangeError where a teacher gives no vector for each text
 */
export function joinTeachers(teachers: readonly VectorTeacher[]): VectorEncoder {
  for (const { name, weight = 1 } of teachers)
    if (!(weight > 0 && Number.isFinite(weight)))
      throw new RangeError(`${name}: expected a weight above 0, got ${weight}`);
  const width = teachers.reduce((sum, { encoder }) => sum + encoder.width, 0);
  const all = Math.hypot(...teachers.map(({ weight = 1 }) => weight));
  return {
    width,
    prepare(texts) {
      for (const { encoder } of teachers) encoder.prepare?.(texts);
    },
    async encode(texts, { signal, onProgress }) {
      const joined = texts.map(() => new Float32Array(width));
      let [offset, before] = [0, 0];
      for (const { name, encoder, weight = 1 } of teachers) {
        const vectors = await encoder.encode(texts, {
          ...(signal && { signal }),
          onProgress: (done) => onProgress(Math.floor((before + done) / teachers.length)),
        });
        if (vectors.length !== texts.length)
          throw new RangeError(
            `${name}: expected ${texts.length} vectors, one per text, got ${vectors.length}`,
          );
        for (const [i, vector] of vectors.entries()) {
          if (vector.length !== encoder.width)
            throw new RangeError(`${name}: expected ${encoder.width} elements, got ${vector.length}`);
          joined[i]!.set(scaled(name, vector, texts[i]!, weight / all), offset);
        }
        offset += encoder.width;
        before += texts.length;
      }
      return joined;
    },
  };
}

/** The vector with this length, computed in float64. */
function scaled(name: string, vector: Float32Array, text: string, length: number): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (norm > 0 && Number.isFinite(norm)) return vector.map((value) => (value * length) / norm);
  throw new ZeroVectorError(
    `${name}: expected a vector of some length, got ${norm} for ${JSON.stringify(text.slice(0, 40))} — remove the text, or the teacher`,
  );
}
