import { checkFilePath, checkRange, type FileSource, FileSourceError } from '../file-source.js';
import { MAPPED_BYTES, WEIGHTS_AS_STORED } from '../model-with-weights.js';
import { externalLocations } from './external-locations.js';
import { OnnxFileError } from './onnx-file-error.js';
import { relocateExternal } from './relocate-external.js';

/** An ONNX file of a checkpoint that may be given to ONNX Runtime: what it names lies within its own folder. */
export interface OnnxFile {
  readonly source: FileSource;
  /** Relative to the checkpoint. */
  readonly path: string;
  /** Paths of its external data by the names that the model has for them. */
  readonly external: ReadonlyMap<string, string>;
  /** Bytes of its files of external data that it reads. */
  readonly externalBytes: number;
  /** Ops of its nodes that only ONNX Runtime's CPU provider computes, of those that exporters quantize with. */
  readonly cpuOps: ReadonlySet<string>;
  /** The model as it stands. @throws OnnxFileError for 2 GiB or more */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Quantization of activations as they come: CUDA's provider has none of it, and its `MatMulInteger` none of uint8 (docs/OperatorKernels.md of 1.25). */
const CPU_OPS: ReadonlySet<string> = new Set([
  'DynamicQuantizeLinear',
  'DynamicQuantizeMatMul',
  'MatMulIntegerToFloat',
]);

/** Protobuf's limit of a message. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Reads what an ONNX file names and refuses files outside of its folder, which ONNX Runtime so never sees.
 * @throws OnnxFileError for a model that names such, for one that is damaged and for external data that is missing or too short;
 * FileSourceError where it is missing
 */
export async function readOnnxFile(source: FileSource, path: string): Promise<OnnxFile> {
  checkFilePath(path);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const external = new Map<string, string>();
  const cpuOps = new Set<string>();
  let externalBytes = 0;
  const locations = await externalLocations(source, path, (opType) => {
    if (CPU_OPS.has(opType)) cpuOps.add(opType);
  });
  for (const [location, end] of locations) {
    const file = folder + location;
    try {
      checkFilePath(location);
      checkRange(file, 0, end, await source.size(file));
    } catch (cause) {
      if (!(cause instanceof FileSourceError)) throw cause;
      throw new OnnxFileError(
        path,
        `expected external data within its folder, got ${JSON.stringify(location.slice(0, 200))}: ${cause.message}`,
        { cause },
      );
    }
    external.set(location, file);
    externalBytes += end;
  }
  return {
    source,
    path,
    external,
    externalBytes,
    cpuOps,
    async bytes() {
      const size = await source.size(path);
      if (size > MOST_BYTES)
        throw new OnnxFileError(
          path,
          `expected less than 2 GiB to read it into memory, got ${size} bytes — save its weights as external data`,
        );
      return source.read(path, 0, size);
    },
  };
}

/** What a session is opened with. */
export interface SessionModel {
  /** A real path, or the model itself. */
  readonly model: string | Uint8Array;
  /** The real folder of its external data. */
  readonly externalDataFolder?: string;
  /** Session config entries, for a model of large external data: its weights stay as narrow as they are. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * A file as ONNX Runtime takes it: by its path where it is whole and on this machine; else its bytes, in which external data has the
 * name of the real file, since ONNX Runtime follows no symbolic links and a hub cache is made of them. External data of 512 MiB and more is computed
 * with where it is mapped: none of it is widened. Four-bit weights are still copied into the layout of
 * their products: a third of the time, for the same memory, since what was mapped is let go.
 * @throws OnnxFileError for external data that lies in several folders, or that is not on this machine
 */
export async function sessionModel(file: OnnxFile): Promise<SessionModel> {
  const { source, path, external } = file;
  if (external.size === 0)
    return { model: source.localPath ? await source.localPath(path) : await file.bytes() };
  if (!source.localPath)
    throw new OnnxFileError(
      path,
      `expected a model in one file, since it is not on a disk of this machine, got external data ${[...external.keys()].join(', ')} — save it below 2 GiB with externalData: false`,
    );
  const names = new Map<string, string>();
  const folders = new Set<string>();
  for (const [location, other] of external) {
    const real = await source.localPath(other);
    const cut = Math.max(real.lastIndexOf('/'), real.lastIndexOf('\\')) + 1;
    folders.add(real.slice(0, cut));
    names.set(location, real.slice(cut));
  }
  const [folder, ...others] = folders;
  if (others.length > 0)
    throw new OnnxFileError(
      path,
      `expected all external data in one folder, got ${[...folders].join(' and ')} — move it together`,
    );
  return {
    model: relocateExternal(await file.bytes(), names),
    externalDataFolder: folder!,
    ...(file.externalBytes >= MAPPED_BYTES && { config: WEIGHTS_AS_STORED }),
  };
}
