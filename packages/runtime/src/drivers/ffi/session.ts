import { SessionError } from '../../error.js';
import { providerError, withProviderErrors } from '../../provider-error.js';
import type { Tensor } from '../../tensor.js';
import type { DriverOptions, DriverSession, GraphOptimizationLevel } from '../driver.js';
import { type Api, openApi, type Pointer } from './api.js';
import { type BoundRun, bindSession } from './binding.js';
import { appendCuda } from './cuda-options.js';
import { readMetadata } from './metadata.js';
import { type HostValue, hostValue, readValue } from './value.js';

/** `GraphOptimizationLevel` of onnxruntime_c_api.h. */
const optimizationLevels: Readonly<Record<GraphOptimizationLevel, number>> = {
  disabled: 0,
  basic: 1,
  extended: 2,
  layout: 3,
  all: 99,
};

/** `OrtDeviceAllocator` and `OrtMemTypeDefault`. */
const deviceAllocator = 0;
const memTypeDefault = 0;
/** `ORT_LOGGING_LEVEL_WARNING`, the level that onnxruntime-node starts with. */
const warning = 2;

/** A driver session that can also bind tensors once and run many times. */
export interface FfiSession extends DriverSession {
  /** The `OrtSession`, until `release`. */
  readonly handle: bigint;
  bind(inputs: Readonly<Record<string, Tensor>>, outputs: Readonly<Record<string, Tensor>>): BoundRun;
}

/**
 * Opens a model through the C API of the library that onnxruntime-node installs: creation and runs happen on a thread of
 * koffi's, so the event loop stays free. Throws SessionError with ONNX Runtime's message.
 */
export async function openFfi(model: Uint8Array | string, options: DriverOptions): Promise<FfiSession> {
  const { provider } = options;
  if (provider !== 'cpu' && provider !== 'cuda') {
    throw new SessionError(
      'createSession',
      `expected provider 'cpu' or 'cuda' with driver 'ffi', got '${provider}' — use driver 'node' for it`,
    );
  }
  const api = openApi();
  const where = 'createSession';
  // ONNX Runtime counts references: every session's environment is the same object, also onnxruntime-node's.
  const env = api.take(where, 'CreateEnv', warning, 'rag');
  let session: bigint | null = null;
  let memoryInfo: bigint | null = null;
  const release = (): void => {
    api.release('ReleaseSession', session);
    api.release('ReleaseMemoryInfo', memoryInfo);
    api.release('ReleaseEnv', env);
  };
  try {
    memoryInfo = api.take(where, 'CreateCpuMemoryInfo', deviceAllocator, memTypeDefault);
    session = await createSession(api, env, model, options);
    const inputs = readMetadata(api, session, 'Input');
    const outputs = readMetadata(api, session, 'Output');
    const wrap = (place: string, tensor: Tensor): HostValue => hostValue(api, memoryInfo, place, tensor);
    const live = session;
    return {
      handle: live,
      inputs,
      outputs,
      run: (feeds, fetches) => withProviderErrors(provider, () => run(api, live, wrap, feeds, fetches)),
      bind(given, fetched) {
        const bound = bindSession(api, live, wrap, given, fetched, provider !== 'cpu');
        return { ...bound, run: () => withProviderErrors(provider, bound.run) };
      },
      release,
    };
  } catch (error) {
    release();
    throw providerError(provider, error);
  }
}

async function createSession(
  api: Api,
  env: Pointer,
  model: Uint8Array | string,
  options: DriverOptions,
): Promise<bigint> {
  const where = 'createSession';
  const native = api.take(where, 'CreateSessionOptions');
  try {
    const {
      intraOpNumThreads,
      graphOptimizationLevel,
      enableMemPattern,
      enableCpuMemArena,
      logSeverityLevel,
    } = options;
    if (intraOpNumThreads !== undefined) api.call(where, 'SetIntraOpNumThreads', native, intraOpNumThreads);
    if (graphOptimizationLevel !== undefined) {
      const level = optimizationLevels[graphOptimizationLevel];
      api.call(where, 'SetSessionGraphOptimizationLevel', native, level);
    }
    if (enableMemPattern !== undefined) {
      api.call(where, enableMemPattern ? 'EnableMemPattern' : 'DisableMemPattern', native);
    }
    if (enableCpuMemArena !== undefined) {
      api.call(where, enableCpuMemArena ? 'EnableCpuMemArena' : 'DisableCpuMemArena', native);
    }
    if (logSeverityLevel !== undefined) {
      api.call(where, 'SetSessionLogSeverityLevel', native, logSeverityLevel);
    }
    if (options.provider === 'cuda') appendCuda(api, native, options.cuda ?? {});
    for (const [key, value] of Object.entries(options.config)) {
      api.call(`${where}: config "${key}"`, 'AddSessionConfigEntry', native, key, value);
    }
    const session: [bigint | null] = [null];
    if (typeof model === 'string') {
      await api.callAsync(`${where} ${model}`, 'CreateSession', env, model, native, session);
    } else {
      await api.callAsync(where, 'CreateSessionFromArray', env, model, model.byteLength, native, session);
    }
    return api.adopt(session[0]!);
  } finally {
    api.release('ReleaseSessionOptions', native);
  }
}

async function run(
  api: Api,
  session: Pointer,
  wrap: (where: string, tensor: Tensor) => HostValue,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: Readonly<Record<string, Tensor | null>>,
): Promise<Record<string, Tensor>> {
  const values: HostValue[] = [];
  const allocated: bigint[] = [];
  const wrapped = (where: string, tensor: Tensor): bigint => {
    const value = wrap(where, tensor);
    values.push(value);
    return value.pointer;
  };
  try {
    const inputNames = Object.keys(feeds);
    const inputs = inputNames.map((name) => wrapped(`run: input "${name}"`, feeds[name]!));
    const outputNames = Object.keys(fetches);
    const given = outputNames.map((name) => {
      const tensor = fetches[name];
      return tensor ? wrapped(`run: output "${name}"`, tensor) : null;
    });
    const outputs: Pointer[] = [...given];
    const parameters = [
      session,
      null,
      inputNames,
      inputs,
      inputs.length,
      outputNames,
      outputs.length,
      outputs,
    ] as const;
    await api.callAsync('run', 'Run', ...parameters);
    outputs.forEach((value, i) => {
      if (given[i] === null && value !== null) allocated.push(api.adopt(value));
    });
    return Object.fromEntries(
      outputNames.map((name, i) => [
        name,
        fetches[name] ?? readValue(api, `run: output "${name}"`, outputs[i]!),
      ]),
    );
  } finally {
    // The values hold the tensors: named here, after the await, so that neither is collected while native code runs.
    for (const value of values) value.release();
    for (const value of allocated) api.release('ReleaseValue', value);
  }
}
