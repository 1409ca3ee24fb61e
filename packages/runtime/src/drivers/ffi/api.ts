import koffi from 'koffi';
import { SessionError } from '../../error.js';
import { enlargeStack } from './enlarge-stack.js';
import { type FunctionName, functionTable } from './function-table.js';
import { libraryPath } from './library.js';

/** An address; `null` is C's NULL. */
export type Pointer = bigint | null;

/** Where a C function writes its result: element 0. */
export type Out<T> = [T | null];

/** Parameter and result types in koffi's spelling; every function but the marked ones returns an `OrtStatus *`. */
const pointer = 'void *';
const out = koffi.out('void **');
const outSize = koffi.out('size_t *');
/** `ORTCHAR_T`: UTF-16 on Windows, UTF-8 elsewhere. */
const path = process.platform === 'win32' ? 'str16' : 'str';

/** Result and parameters. */
type Signature = [string, (string | ReturnType<typeof koffi.out>)[]];

const signatures = {
  GetErrorMessage: ['str', [pointer]],
  CreateEnv: [pointer, ['int', 'str', out]],
  CreateSession: [pointer, [pointer, path, pointer, out]],
  CreateSessionFromArray: [pointer, [pointer, pointer, 'size_t', pointer, out]],
  Run: [pointer, [pointer, pointer, 'str *', 'void **', 'size_t', 'str *', 'size_t', koffi.inout('void **')]],
  CreateSessionOptions: [pointer, [out]],
  EnableMemPattern: [pointer, [pointer]],
  DisableMemPattern: [pointer, [pointer]],
  EnableCpuMemArena: [pointer, [pointer]],
  DisableCpuMemArena: [pointer, [pointer]],
  SetSessionLogSeverityLevel: [pointer, [pointer, 'int']],
  SetSessionGraphOptimizationLevel: [pointer, [pointer, 'int']],
  SetIntraOpNumThreads: [pointer, [pointer, 'int']],
  SessionGetInputCount: [pointer, [pointer, outSize]],
  SessionGetOutputCount: [pointer, [pointer, outSize]],
  SessionGetInputTypeInfo: [pointer, [pointer, 'size_t', out]],
  SessionGetOutputTypeInfo: [pointer, [pointer, 'size_t', out]],
  SessionGetInputName: [pointer, [pointer, 'size_t', pointer, out]],
  SessionGetOutputName: [pointer, [pointer, 'size_t', pointer, out]],
  CreateTensorWithDataAsOrtValue: [pointer, [pointer, pointer, 'size_t', 'int64_t *', 'size_t', 'int', out]],
  GetTensorMutableData: [pointer, [pointer, out]],
  CastTypeInfoToTensorInfo: [pointer, [pointer, out]],
  GetTensorElementType: [pointer, [pointer, koffi.out('int *')]],
  GetDimensionsCount: [pointer, [pointer, outSize]],
  GetDimensions: [pointer, [pointer, 'int64_t *', 'size_t']],
  GetSymbolicDimensions: [pointer, [pointer, out, 'size_t']],
  GetTensorTypeAndShape: [pointer, [pointer, out]],
  CreateCpuMemoryInfo: [pointer, ['int', 'int', out]],
  AllocatorFree: [pointer, [pointer, pointer]],
  GetAllocatorWithDefaultOptions: [pointer, [out]],
  ReleaseEnv: ['void', [pointer]],
  ReleaseStatus: ['void', [pointer]],
  ReleaseMemoryInfo: ['void', [pointer]],
  ReleaseSession: ['void', [pointer]],
  ReleaseValue: ['void', [pointer]],
  ReleaseTypeInfo: ['void', [pointer]],
  ReleaseTensorTypeAndShapeInfo: ['void', [pointer]],
  ReleaseSessionOptions: ['void', [pointer]],
  AddSessionConfigEntry: [pointer, [pointer, 'str', 'str']],
  RunWithBinding: [pointer, [pointer, pointer, pointer]],
  CreateIoBinding: [pointer, [pointer, out]],
  ReleaseIoBinding: ['void', [pointer]],
  BindInput: [pointer, [pointer, 'str', pointer]],
  BindOutput: [pointer, [pointer, 'str', pointer]],
  BindOutputToDevice: [pointer, [pointer, 'str', pointer]],
  GetBoundOutputValues: [pointer, [pointer, pointer, out, outSize]],
  SynchronizeBoundInputs: [pointer, [pointer]],
  SynchronizeBoundOutputs: [pointer, [pointer]],
  CreateMemoryInfo: [pointer, ['str', 'int', 'int', 'int', out]],
  CreateAllocator: [pointer, [pointer, pointer, out]],
  ReleaseAllocator: ['void', [pointer]],
  CreateTensorAsOrtValue: [pointer, [pointer, 'int64_t *', 'size_t', 'int', out]],
  CreateCUDAProviderOptions: [pointer, [out]],
  UpdateCUDAProviderOptions: [pointer, [pointer, 'str *', 'str *', 'size_t']],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [pointer, [pointer, pointer]],
  ReleaseCUDAProviderOptions: ['void', [pointer]],
} satisfies Record<FunctionName, Signature>;

type Parameter = Pointer | string | number | bigint | BigInt64Array | Uint8Array | readonly unknown[];
type NativeFunction = ((...parameters: Parameter[]) => unknown) & { async(...parameters: unknown[]): void };

/** Functions that free what a `Create…` or `Get…` function gave. */
export type ReleaseName = Extract<FunctionName, `Release${string}`>;

/** ONNX Runtime's C API by name, with its statuses turned into errors. */
export interface Api {
  readonly version: string;
  /** Calls a function that returns a status; throws SessionError with ONNX Runtime's message. */
  call(where: string, name: FunctionName, ...parameters: Parameter[]): void;
  /** The same on a thread of koffi's: what the parameters point at must stay alive until the promise settles. */
  callAsync(where: string, name: FunctionName, ...parameters: Parameter[]): Promise<void>;
  /** Calls a function whose last parameter is an out pointer to something that must be released. */
  take(where: string, name: FunctionName, ...parameters: Parameter[]): bigint;
  /** Counts an object that ONNX Runtime created by another way than `take`. */
  adopt(object: bigint): bigint;
  release(name: ReleaseName, object: Pointer): void;
}

let live = 0;
let opened: Api | undefined;
/** koffi closes a library whose handle is collected, and functions found by address do not count as a use. */
let handle: ReturnType<typeof koffi.load> | undefined;

/** Native objects that were created and not yet released, over all sessions of this thread; tests expect 0 in the end. */
export function liveHandles(): number {
  return live;
}

/** Opens the library on first use; throws SessionError if it cannot be loaded or its version is unknown. */
export function openApi(): Api {
  opened ??= load(libraryPath());
  return opened;
}

function load(library: string): Api {
  enlargeStack();
  let base: bigint[];
  try {
    handle = koffi.load(library);
    const getBase = handle.func('OrtGetApiBase', pointer, []);
    base = koffi.decode(getBase(), pointer, 2) as bigint[];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SessionError(
      "driver 'ffi'",
      `expected to load ${library}, got: ${reason} — use driver 'node'`,
      { cause },
    );
  }
  const version = koffi.decode(base[1], koffi.proto('str', []))() as string;
  const table = functionTable(version);
  const struct = koffi.decode(base[0], koffi.proto(pointer, ['uint32_t']))(table.apiVersion) as Pointer;
  if (struct === null) {
    throw new SessionError(
      "driver 'ffi'",
      `expected API version ${table.apiVersion} in ONNX Runtime ${version}, got none`,
    );
  }
  const addresses = koffi.decode(struct, pointer, table.entries) as bigint[];
  const bound = new Map<FunctionName, NativeFunction>();
  const native = (name: FunctionName): NativeFunction => {
    let fn = bound.get(name);
    if (fn === undefined) {
      const [result, parameters]: Signature = signatures[name];
      const type = koffi.proto(result, parameters);
      fn = koffi.decode(addresses[table.indices[name]], type) as NativeFunction;
      bound.set(name, fn);
    }
    return fn;
  };
  const check = (where: string, status: Pointer): void => {
    if (status === null) return;
    const message = native('GetErrorMessage')(status) as string;
    native('ReleaseStatus')(status);
    throw new SessionError(where, `ONNX Runtime: ${message}`);
  };
  const call: Api['call'] = (where, name, ...parameters) =>
    check(where, native(name)(...parameters) as Pointer);
  const adopt = (object: bigint): bigint => {
    live++;
    return object;
  };
  return {
    version,
    call,
    adopt,
    callAsync: (where, name, ...parameters) =>
      new Promise<Pointer>((resolve, reject) => {
        native(name).async(...parameters, (error: unknown, status: Pointer) => {
          // Naming the parameters here keeps them, and the arrays among them, alive until now.
          parameters.length = 0;
          if (error) reject(error);
          else resolve(status);
        });
      }).then((status) => check(where, status)),
    take(where, name, ...parameters) {
      const result: Out<bigint> = [null];
      call(where, name, ...parameters, result);
      return adopt(result[0]!);
    },
    release(name, object) {
      if (object === null) return;
      native(name)(object);
      live--;
    },
  };
}
