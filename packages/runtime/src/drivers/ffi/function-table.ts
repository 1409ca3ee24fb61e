import { SessionError } from '../../error.js';

/**
 * Places of functions in the `OrtApi` struct (onnxruntime_c_api.h), by ONNX Runtime version. Entries are only ever
 * appended upstream; a version is listed here once our tests have run on it.
 */
const tables = {
  '1.30.0': {
    apiVersion: 30,
    entries: 414,
    indices: {
      GetErrorMessage: 2,
      CreateEnv: 3,
      CreateSession: 7,
      CreateSessionFromArray: 8,
      Run: 9,
      CreateSessionOptions: 10,
      EnableMemPattern: 16,
      DisableMemPattern: 17,
      EnableCpuMemArena: 18,
      DisableCpuMemArena: 19,
      SetSessionLogSeverityLevel: 22,
      SetSessionGraphOptimizationLevel: 23,
      SetIntraOpNumThreads: 24,
      SessionGetInputCount: 30,
      SessionGetOutputCount: 31,
      SessionGetInputTypeInfo: 33,
      SessionGetOutputTypeInfo: 34,
      SessionGetInputName: 36,
      SessionGetOutputName: 37,
      CreateTensorAsOrtValue: 48,
      CreateTensorWithDataAsOrtValue: 49,
      GetTensorMutableData: 51,
      CastTypeInfoToTensorInfo: 55,
      GetTensorElementType: 60,
      GetDimensionsCount: 61,
      GetDimensions: 62,
      GetSymbolicDimensions: 63,
      GetTensorTypeAndShape: 65,
      CreateMemoryInfo: 68,
      CreateCpuMemoryInfo: 69,
      AllocatorFree: 76,
      GetAllocatorWithDefaultOptions: 78,
      ReleaseEnv: 92,
      ReleaseStatus: 93,
      ReleaseMemoryInfo: 94,
      ReleaseSession: 95,
      ReleaseValue: 96,
      ReleaseTypeInfo: 98,
      ReleaseTensorTypeAndShapeInfo: 99,
      ReleaseSessionOptions: 100,
      AddSessionConfigEntry: 130,
      CreateAllocator: 131,
      ReleaseAllocator: 132,
      RunWithBinding: 133,
      CreateIoBinding: 134,
      ReleaseIoBinding: 135,
      BindInput: 136,
      BindOutput: 137,
      BindOutputToDevice: 138,
      GetBoundOutputValues: 140,
      SynchronizeBoundInputs: 202,
      SynchronizeBoundOutputs: 203,
      SessionOptionsAppendExecutionProvider_CUDA_V2: 204,
      CreateCUDAProviderOptions: 205,
      UpdateCUDAProviderOptions: 206,
      ReleaseCUDAProviderOptions: 208,
    },
  },
} as const;

/** Functions of the C API that we call. */
export type FunctionName = keyof (typeof tables)['1.30.0']['indices'];

/** Where the functions of one ONNX Runtime version stand. */
export interface FunctionTable {
  /** Argument of `OrtApiBase::GetApi`. */
  readonly apiVersion: number;
  /** Number of pointers in the struct. */
  readonly entries: number;
  readonly indices: Readonly<Record<FunctionName, number>>;
}

/** The table of an ONNX Runtime version string; throws SessionError for one that is not listed. */
export function functionTable(version: string): FunctionTable {
  if (!Object.hasOwn(tables, version)) {
    throw new SessionError(
      "driver 'ffi'",
      `expected ONNX Runtime ${Object.keys(tables).join(' or ')}, got ${version} — install that onnxruntime-node, or use driver 'node'`,
    );
  }
  return tables[version as keyof typeof tables];
}
