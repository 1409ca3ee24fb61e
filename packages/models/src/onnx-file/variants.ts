import { WEIGHT_FILES } from '../checkpoint.js';
import { checkFilePath, type FileSource, FileSourceError } from '../file-source.js';
import { OptionError } from '../option-error.js';

/**
 * What transformers.js's option `dtype` takes, and how it ends a file's name
 * (`DEFAULT_DTYPE_SUFFIX_MAPPING` of its utils/dtypes.js, version 4).
 */
const SUFFIXES = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const;
export type OnnxDtype = keyof typeof SUFFIXES;
export const ONNX_DTYPES = Object.keys(SUFFIXES) as OnnxDtype[];

/** Which ONNX file is opened: any that is clearly meant, one by its dtype, or one by its path in the directory. */
export type OnnxChoice = true | OnnxDtype | (string & {});

/** transformers.js and sentence-transformers keep the files of a model in `onnx`, optimum in the directory itself. */
const pathsOf = (dtype: OnnxDtype): string[] =>
  ['onnx/', ''].map((folder) => `${folder}model${SUFFIXES[dtype]}.onnx`);

/** The names that transformers.js gives the files of a model in `onnx`. */
export const ONNX_NAMES = Object.values(SUFFIXES).map((suffix) => `model${suffix}.onnx`);

/** The narrow dtype that the name of an ONNX file states, such as q8 of `onnx/model_quantized.onnx`; undefined for float32's and other names. */
export const narrowDtypeOf = (path: string): OnnxDtype | undefined =>
  ONNX_DTYPES.find((dtype) => dtype !== 'fp32' && path.split('/').at(-1) === `model${SUFFIXES[dtype]}.onnx`);

/** The ONNX models among the paths of a directory: in itself and in `onnx`. */
export const onnxPaths = (paths: readonly string[]): string[] =>
  paths.filter((path) => /^(onnx\/)?[^/]+\.onnx$/.test(path));

/**
 * The ONNX file to open, or undefined where the weights are to be. Weights win unless an ONNX file is asked for; without weights
 * the float32 file is taken unasked, any other is not. `true` means the float32 file, or the only one.
 * @param paths every file of the directory
 * @throws OptionError listing the files where none is clearly meant; FileSourceError for a path that leaves the directory
 */
export function chooseOnnx(paths: readonly string[], asked: OnnxChoice | undefined): string | undefined {
  const there = onnxPaths(paths);
  const refuse = (expected: string, advice: string): never => {
    throw new OptionError(
      'onnx',
      `expected ${expected}, got ${described(there) || 'no ONNX file'} in the model`,
      advice,
    );
  };
  const single = onnxWithoutWeights(paths, true);
  if (asked === undefined) {
    if (there.length === 0 || hasWeights(paths)) return undefined;
    return single ?? refuse('onnx/model.onnx where there are no weights', nameOne(there));
  }
  if (asked === true) {
    if (single !== undefined || there.length === 1) return single ?? there[0];
    return refuse('onnx/model.onnx, or a single file', nameOne(there));
  }
  if (typeof asked === 'string' && Object.hasOwn(SUFFIXES, asked)) {
    const wanted = pathsOf(asked as OnnxDtype);
    return wanted.find((path) => paths.includes(path)) ?? refuse(wanted.join(' or '), nameOne(there));
  }
  if (typeof asked !== 'string' || !asked.endsWith('.onnx'))
    throw new OptionError(
      'onnx',
      `expected true, one of ${ONNX_DTYPES.join(', ')}, or the path of an .onnx file, got ${JSON.stringify(asked)}`,
      nameOne(there),
    );
  checkFilePath(asked);
  return paths.includes(asked) ? asked : refuse(asked, nameOne(there));
}

/** Whether there are weights among the files of a directory. */
export const hasWeights = (paths: readonly string[]): boolean =>
  WEIGHT_FILES.some((path) => paths.includes(path));

/** The float32 file of a directory, which is taken unasked where there are no weights. */
export const onnxWithoutWeights = (paths: readonly string[], despiteWeights = false): string | undefined =>
  hasWeights(paths) && !despiteWeights ? undefined : pathsOf('fp32').find((path) => paths.includes(path));

const nameOne = (there: readonly string[]): string =>
  there.length === 0
    ? 'leave it out to open the weights'
    : `name one of: ${there.map((path) => dtypeOf(path) ?? path).join(', ')}`;

const dtypeOf = (path: string): OnnxDtype | undefined =>
  ONNX_DTYPES.find((known) => pathsOf(known).includes(path));

/** Files, and the dtypes that they are of. */
const described = (there: readonly string[]): string =>
  there
    .map((path) => {
      const dtype = dtypeOf(path);
      return dtype === undefined ? path : `${path} (${dtype})`;
    })
    .join(', ');

/** `chooseOnnx` over a source. @throws as it does */
export async function chooseOnnxFile(
  source: FileSource,
  asked: OnnxChoice | undefined,
): Promise<string | undefined> {
  const within = async (folder: string) =>
    (
      await source.list(folder).catch((error: unknown): string[] => {
        if (error instanceof FileSourceError) return [];
        throw error;
      })
    ).map((name) => `${folder}/${name}`);
  const paths = [...(await source.list()), ...(await within('onnx'))];
  const folder = typeof asked === 'string' ? asked.slice(0, asked.lastIndexOf('/')) : '';
  if (asked !== undefined && folder !== '' && folder !== 'onnx' && String(asked).endsWith('.onnx')) {
    checkFilePath(String(asked));
    paths.push(...(await within(folder)));
  }
  return chooseOnnx(paths, asked);
}

/**
 * The files that an ONNX file needs beside it, as far as their names tell: `model.onnx_data`, `model.onnx_data_1` (transformers.js,
 * optimum), `model.onnx.data` (torch).
 */
export const dataFilesOf = (path: string, paths: readonly string[]): string[] =>
  paths.filter((other) => other.startsWith(path) && /^[._]data(_\d+)?$/.test(other.slice(path.length)));
