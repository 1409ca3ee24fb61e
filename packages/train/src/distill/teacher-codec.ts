import { type OutputFormat, type VectorCodec, vectorCodec } from '../encode/vector-codec.js';

/** What a teacher's vectors are written as: what training reads. */
export const teacherFormats = ['memmap', 'npy', 'ragvec'] as const satisfies readonly (
  | OutputFormat
  | 'memmap'
)[];
export type TeacherFormat = (typeof teacherFormats)[number];

/** The format that a file's name ends in; `memmap`, float32 without a header, for any other name. */
export const teacherFormatOf = (name: string): TeacherFormat =>
  teacherFormats.find((format) => name.toLowerCase().endsWith(`.${format}`)) ?? 'memmap';

/** The codec of a format, vectors [rows, width], float32, little-endian. */
export async function teacherCodec(format: TeacherFormat, width: number): Promise<VectorCodec> {
  if (format !== 'memmap') return vectorCodec(format, width);
  // The rows of an .npy file are those of a memmap, which has nothing before them.
  return { ...(await vectorCodec('npy', width)), header: () => new Uint8Array(0) };
}
