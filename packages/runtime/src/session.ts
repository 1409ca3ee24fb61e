import { platform } from '#platform';
import { type CudaOptions, checkCudaOptions } from './drivers/cuda-options.js';
import {
  type DriverOptions,
  type DriverSession,
  EXTERNAL_DATA_FOLDER,
  type GraphOptimizationLevel,
  type TensorInfo,
} from './drivers/driver.js';
import type { FfiSession } from './drivers/ffi/session.js';
import { SessionError } from './error.js';
import { checkFeeds, checkMemory, type Fetches, resolveFetches } from './feeds.js';
import { type BindOptions, bindTensors, type IoBinding } from './io-binding.js';
import { lifetime } from './lifetime.js';
import type { Tensor } from './tensor.js';

/** Where a model runs: `cpu` and `cuda` in Node, `wasm` wherever JavaScript runs, `webgpu` on a GPU that the page or Node can use. */
export type Provider = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/** A provider, or the best one that is present: see `chooseProvider`. */
export type ProviderChoice = Provider | 'auto';

/**
 * How ONNX Runtime is called: `node` is onnxruntime-node's binding, `ffi` the C API of the same library through koffi, `web`
 * onnxruntime-web.
 */
export type Driver = 'node' | 'ffi' | 'web';

/** How to open a model; what is left out is ONNX Runtime's own default. */
export interface SessionOptions {
  /** `auto` takes the best one present; the session says which. */
  readonly provider: ProviderChoice;
  /** Where left out, `node` in Node, `ffi` for options of `cuda`, and `web` in a page and for `wasm`. */
  readonly driver?: Driver;
  /** Threads within one operator, the calling one included; with driver `web` one number for all sessions of a page. */
  readonly intraOpNumThreads?: number;
  readonly graphOptimizationLevel?: GraphOptimizationLevel;
  /**
   * Folder of the files that the model's external data names, for models given as bytes. ONNX Runtime 1.30 refuses names
   * with `../` and symbolic links, so this is a real path.
   */
  readonly externalDataFolder?: string;
  /** Session config entries, by the keys of onnxruntime_session_options_config_keys.h. */
  readonly config?: Readonly<Record<string, string>>;
  /** Plans activation memory from the first run of a shape; off costs nothing measurable and saves memory on varying shapes. */
  readonly enableMemPattern?: boolean;
  readonly enableCpuMemArena?: boolean;
  /** 0 verbose, 1 info, 2 warning, 3 error, 4 fatal. */
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  /** Of provider `cuda` with driver `ffi`. */
  readonly cuda?: CudaOptions;
}

/** An open model. */
export interface Session {
  readonly provider: Provider;
  readonly driver: Driver;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * Runs the model to all outputs, to the named ones, or into the given tensors, which are written in place and returned.
   * Arrays that are fed or written must not change until the promise settles. Throws SessionError on missing, unknown or
   * unfitting tensors, on shared memory between outputs and others, after `dispose`, and with ONNX Runtime's own message.
   */
  run(feeds: Readonly<Record<string, Tensor>>, fetches?: Fetches): Promise<Record<string, Tensor>>;
  /** Frees the model and its bindings, after runs that are under way; a second call does nothing. */
  dispose(): void;
}

/** A session of driver `ffi`, which also binds tensors once for many runs. */
export interface BindableSession extends Session {
  readonly driver: 'ffi';
  /** Binds every input and the wanted outputs; throws SessionError as `run` does. */
  bind(options: BindOptions): IoBinding;
}

/** The drivers of each provider, the usual one first. */
const driversOf: Readonly<Record<Provider, readonly Driver[]>> = {
  cpu: ['node', 'ffi'],
  cuda: ['node', 'ffi'],
  webgpu: ['node', 'web'],
  wasm: ['web'],
};

const usableDrivers = (provider: Provider): readonly Driver[] =>
  (driversOf[provider] ?? []).filter((name) => platform.drivers[name]);

/** Whether sessions of these options read external data from files; onnxruntime-web does not, and wants weights within the model. */
export function readsFiles({ provider, driver }: SessionOptions): boolean {
  // What `auto` takes in Node goes through onnxruntime-node, in a page through onnxruntime-web.
  const used =
    driver ??
    (provider === 'auto'
      ? (['node', 'web'] as const).find((name) => platform.drivers[name])
      : usableDrivers(provider)[0]);
  return used !== 'web';
}

/**
 * The provider of a choice. Of `auto` the best one present: in Node `cuda` where its library is installed (see `createSession` for what it needs
 * besides), else `cpu`; in a page `webgpu` where there is an adapter, else `wasm`. Any other is itself, present or not.
 */
export const chooseProvider = async (choice: ProviderChoice): Promise<Provider> =>
  choice === 'auto' ? platform.bestProvider() : choice;

const optimizationLevels: readonly GraphOptimizationLevel[] = [
  'disabled',
  'basic',
  'extended',
  'layout',
  'all',
];
const advice: Readonly<Record<string, string>> = {
  driver:
    "'node' needs onnxruntime-node, 'ffi' needs koffi besides: npm install onnxruntime-node@1.30.0 koffi",
  provider:
    "'cpu' comes with onnxruntime-node, 'wasm' with onnxruntime-web: npm install onnxruntime-node@1.30.0",
};

/**
 * Opens an ONNX model from bytes or a path. Nothing falls back: an unknown or absent provider or driver is a SessionError
 * that says what to install.
 */
export function createSession(
  model: Uint8Array | string,
  options: SessionOptions & { readonly driver: 'ffi' },
): Promise<BindableSession>;
export function createSession(model: Uint8Array | string, options: SessionOptions): Promise<Session>;
export async function createSession(
  model: Uint8Array | string,
  options: SessionOptions,
): Promise<Session | BindableSession> {
  expectOneOf('provider', [...Object.keys(driversOf), 'auto'], options.provider);
  const provider = await chooseProvider(options.provider);
  const usable = usableDrivers(provider);
  if (usable.length === 0)
    throw new SessionError(
      'createSession',
      `expected a provider that a page has, got '${provider}' — use 'webgpu' or 'wasm' in a browser`,
    );
  // onnxruntime-node's own binding takes no options of CUDA.
  const { driver = options.cuda && provider === 'cuda' ? 'ffi' : usable[0]! } = options;
  expectOneOf('driver', usable, driver);
  const driverOptions = checkOptions({ ...options, provider, driver });
  if (provider === 'cuda') await platform.requireCuda();
  if (driver === 'ffi') {
    const openFfi = await loadFfi();
    return bindable(provider, await openFfi(model, driverOptions));
  }
  const open = await platform.drivers[driver]!();
  return guard(provider, driver, await open(model, driverOptions)).session;
}

async function loadFfi() {
  try {
    return await platform.drivers.ffi!();
  } catch (cause) {
    throw new SessionError(
      "driver 'ffi'",
      'expected koffi, got no loadable package — npm install koffi@3.3.4',
      {
        cause,
      },
    );
  }
}

/** Every check and the lifetime that drivers need not know of. */
function guard<D extends Driver>(provider: Provider, driver: D, native: DriverSession) {
  const bindings = new Set<IoBinding>();
  const life = lifetime('session', () => native.release());
  const session = {
    provider,
    driver,
    inputs: native.inputs,
    outputs: native.outputs,
    run: (feeds: Readonly<Record<string, Tensor>>, fetches?: Fetches) =>
      life.during('run', async () => {
        checkFeeds('run', native.inputs, feeds);
        const resolved = resolveFetches('run', native.outputs, fetches);
        checkMemory('run', feeds, resolved);
        return native.run(feeds, resolved);
      }),
    dispose() {
      // A binding's own runs count as the session's: what is busy is released when it ends, bindings first.
      for (const binding of [...bindings]) binding.dispose();
      life.dispose();
    },
  };
  return { session, life, bindings };
}

function bindable(provider: Provider, native: FfiSession): BindableSession {
  const { session, life, bindings } = guard(provider, 'ffi', native);
  return {
    ...session,
    bind(options) {
      life.check('bind');
      const binding = bindTensors(native, life, options, (gone) => bindings.delete(gone));
      bindings.add(binding);
      return binding;
    },
  };
}

function expectOneOf(what: string, known: readonly string[], got: unknown): void {
  if (typeof got === 'string' && known.includes(got)) return;
  const install = advice[what] ?? 'use one of these';
  throw new SessionError(
    'createSession',
    `expected ${what} ${known.map((name) => `'${name}'`).join(' or ')}, got ${JSON.stringify(got)} — ${install}`,
  );
}

function checkOptions(options: SessionOptions & { readonly provider: Provider }): DriverOptions {
  const { driver: _, externalDataFolder, config = {}, ...rest } = options;
  const { intraOpNumThreads: threads, graphOptimizationLevel: level, logSeverityLevel: severity } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads < 2 ** 31)) {
    throw new SessionError('createSession: intraOpNumThreads', `expected a whole number ≥ 1, got ${threads}`);
  }
  if (level !== undefined) expectOneOf('graphOptimizationLevel', optimizationLevels, level);
  if (severity !== undefined && ![0, 1, 2, 3, 4].includes(severity)) {
    throw new SessionError('createSession: logSeverityLevel', `expected 0 to 4, got ${severity}`);
  }
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'string') {
      throw new SessionError(`createSession: config "${key}"`, `expected a string, got ${typeof value}`);
    }
  }
  if (options.cuda !== undefined) checkCuda(options);
  if (externalDataFolder === undefined) return { ...rest, config };
  if (Object.hasOwn(config, EXTERNAL_DATA_FOLDER)) {
    throw new SessionError(
      `createSession: config "${EXTERNAL_DATA_FOLDER}"`,
      'expected externalDataFolder alone, got both',
    );
  }
  return { ...rest, config: { ...config, [EXTERNAL_DATA_FOLDER]: externalDataFolder } };
}

function checkCuda({ provider, driver, cuda }: SessionOptions): void {
  const where = 'createSession: cuda';
  if (provider !== 'cuda')
    throw new SessionError(
      where,
      `expected provider 'cuda' with these options, got '${provider}' — leave them out`,
    );
  if (driver !== 'ffi')
    throw new SessionError(
      where,
      `expected driver 'ffi' with these options, got '${driver}' — onnxruntime-node's own binding takes none`,
    );
  checkCudaOptions('createSession', cuda!);
}
