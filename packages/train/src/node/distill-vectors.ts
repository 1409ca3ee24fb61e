import { openTeacherVectors } from '@rag/data';
import { openFile } from '@rag/data/node';
import { Embedding, type PoolingMode } from '@rag/embedding';
import { type HubOptions, openHubOrDirectory, writeFileAtomically } from '@rag/models/node';
import { ConfigError } from '../config/config-error.js';
import { joinTeachers } from '../distill/join-teachers.js';
import { type TeacherFormat, teacherCodec, teacherFormatOf } from '../distill/teacher-codec.js';
import { type EncodeEvent, encodeFile, type VectorEncoder } from '../encode/encode-file.js';
import { ChangedInputError } from '../encode/input-rows.js';
import { openModel, underNames } from '../recipes/open-model.js';
import { openSources } from '../run-files.js';
import { hubFlagNames } from './hub-flags.js';
import { type InputFlags, inputParser } from './input-flags.js';
import { modelFingerprint } from './model-fingerprint.js';
import { nodeFiles } from './node-files.js';
import { digestTexts } from './texts-digest.js';
import { openUnfinishedFile } from './unfinished-file.js';

/** An embedding model as a teacher. */
export interface TeacherToOpen {
  /** Its directory, or its name on the hub. */
  readonly model: string;
  /** Text before every text, '' for none. @default the model's own, if any */
  readonly prompt?: string;
  /** What its vectors of length 1 are multiplied with. @default 1 */
  readonly weight?: number;
  /** Pooling of a checkpoint that says none. */
  readonly pooling?: PoolingMode;
}

/** Which texts to encode by which teachers, to where. */
export interface DistillVectorsOptions {
  /** JSON lines or texts, as `rag encode` reads them: row i of the file is the vector of text i. */
  readonly input: readonly string[];
  /** How they are read, where their names do not say, and the key of the text. */
  readonly inputFormat?: InputFlags['input_format'];
  readonly field?: string;
  readonly output: string;
  /** @default as the output's name ends, else memmap */
  readonly format?: TeacherFormat;
  readonly teachers: readonly TeacherToOpen[];
  /** Tokens of a text. */
  readonly maxLength?: number;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly hub?: HubOptions;
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  readonly onProgress?: (event: EncodeEvent) => void;
}

/** What stands in `<output>.json` beside the vectors. */
export interface VectorManifest {
  readonly version: 1;
  readonly format: TeacherFormat;
  readonly dtype: 'float32';
  readonly rows: number;
  /** Of the whole, `teacher_embedding_dim` for training. */
  readonly dim: number;
  /** In the order of their elements. */
  readonly teachers: readonly {
    readonly model: string;
    /** The first digits of the SHA-256 of its files. */
    readonly fingerprint: string;
    readonly dim: number;
    readonly weight: number;
    readonly prompt: string;
  }[];
  readonly texts: readonly string[];
  /** SHA-256 over each text as a JSON string and a line feed. */
  readonly texts_sha256: string;
}

/**
 * Writes the vectors that embedding models give texts, side by side where they are several, for a student to learn from: what
 * `rag distill vectors` calls. The same call goes on with a file that was not finished. The texts are hashed before and after: a file
 * is finished only where it is of the texts that its manifest names.
 * @throws ConfigError, DataError, ModelError, ChangedInputError, EncodeInterruptedError, ZeroVectorError
 */
export async function distillVectors(options: DistillVectorsOptions): Promise<VectorManifest> {
  const { input, output, teachers, overwrite = false, signal, say, onProgress } = options;
  const { format = teacherFormatOf(output) } = options;
  if (teachers.length === 0) throw new ConfigError('--teachers', undefined, 'expected a model, got none');
  const parse = inputParser('--input', input, {
    ...(options.inputFormat && { input_format: options.inputFormat }),
    ...(options.field !== undefined && { field: options.field }),
  });
  const file = await openUnfinishedFile(output, { overwrite });
  const sources = await openSources(nodeFiles, input);
  const opened: Embedding[] = [];
  try {
    const texts = await digestTexts(sources, parse);
    const parts = [];
    for (const teacher of teachers) parts.push(await openTeacher(teacher, options, opened));
    const encoder = joinTeachers(parts);
    const manifest: VectorManifest = {
      version: 1,
      format,
      dtype: 'float32',
      rows: texts.rows,
      dim: encoder.width,
      teachers: parts.map(({ name, encoder: { width }, weight, prompt, fingerprint }) => ({
        ...{ model: name, fingerprint, dim: width, weight, prompt },
      })),
      texts: input,
      texts_sha256: texts.sha256,
    };
    const { maxLength, batchSize } = options;
    await encodeFile({
      sources,
      parse,
      encoder,
      codec: await teacherCodec(format, encoder.width),
      file: {
        ...file,
        async finish(header) {
          const now = await digestTexts(sources, parse);
          if (now.sha256 !== texts.sha256)
            throw new ChangedInputError(
              `${input.join(', ')}: expected the ${texts.rows} texts that were there at the start, got ${now.rows}, not the same — pass --overwrite to begin again`,
            );
          // The manifest goes first: vectors without one would be there already for the next run.
          await writeFileAtomically(`${output}.json`, `${JSON.stringify(manifest, null, 2)}\n`);
          await file.finish(header);
        },
      },
      settings: async () => ({
        format,
        texts: texts.sha256,
        teachers: JSON.stringify(manifest.teachers.map(({ model: _, ...teacher }) => teacher)),
        ...(maxLength !== undefined && { max_len: maxLength }),
        ...(batchSize !== undefined && { batch_size: batchSize }),
      }),
      overwrite,
      ...(signal && { signal }),
      ...(say && { say }),
      ...(onProgress && { onProgress }),
    });
    await checkWritten(manifest, output);
    return manifest;
  } finally {
    for (const model of opened) model.dispose();
    for (const source of sources) await source.close();
  }
}

async function openTeacher(
  { model: name, prompt: given, weight = 1, pooling }: TeacherToOpen,
  { hub = {}, threads, maxLength, batchSize }: DistillVectorsOptions,
  opened: Embedding[],
) {
  const open = () =>
    Embedding.fromPretrained(name, {
      ...hub,
      ...(pooling !== undefined && { pooling }),
      ...(threads !== undefined && { threads }),
    });
  const model = await openModel(name, open, { ...hubFlagNames, pooling: '--pooling' });
  opened.push(model);
  const { prompts, default_prompt_name: own } = model.settings;
  const prompt = given ?? (own === null ? '' : prompts[own]!);
  const control = {
    prompt,
    ...(maxLength !== undefined && { maxLength }),
    ...(batchSize !== undefined && { batchSize }),
  };
  // A length that the model refuses is an error before anything is written.
  await underNames({ maxLength: '--max_len' }, () => model.encode([], control));
  const { onnx } = model;
  const { directory } = await openHubOrDirectory(name, { ...hub, ...(onnx !== undefined && { onnx }) });
  const encoder: VectorEncoder = {
    width: Math.min(model.settings.truncate_dim ?? model.dimension, model.dimension),
    encode: (texts, more) => model.encode(texts, { ...control, ...more }),
  };
  return { name, encoder, weight, prompt, fingerprint: await modelFingerprint(directory, onnx) };
}

/** Opens the file as training does. @throws DataError */
async function checkWritten({ dim: width, rows }: VectorManifest, output: string): Promise<void> {
  const source = await openFile(output);
  await (await openTeacherVectors(source, { width, rows })).close();
}
