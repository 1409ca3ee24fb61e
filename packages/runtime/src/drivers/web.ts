import type { InferenceSession } from 'onnxruntime-node';
import { platform } from '#platform';
import { SessionError } from '../error.js';
import type { Ort } from '../platform/platform.js';
import { bindingSession, calling } from './binding.js';
import { bindingDevice, type OpeningBinding } from './binding-device.js';
import type { Device } from './device.js';
import { type DriverOptions, type DriverSession, EXTERNAL_DATA_FOLDER } from './driver.js';
import { type Turns, turns } from './web-turns.js';

/** What a page holds of a build of onnxruntime-web: one WebAssembly instance. */
interface Instance {
  readonly binding: OpeningBinding;
  readonly turns: Turns;
  /** Threads that it was started with; undefined before its first session. */
  threads: number | undefined;
  /** Its GPU device, which lives as long as one of its sessions of provider `webgpu`. */
  device: GpuDevice | undefined;
  /** Open sessions. */
  live: number;
}

interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
}

const instances = new Map<Ort, Instance>();

/**
 * Opens a model with onnxruntime-web, in a browser or in Node: provider `wasm`, or `webgpu` where there is an adapter. Feeds and results are
 * copied into and out of the WebAssembly memory, which ends at 4 GiB (https://onnxruntime.ai/docs/tutorials/web/large-models.html).
 * Calls are made one after the other. Threads are one number for all sessions of a page, and need cross-origin isolation; in Node one by default.
 * Throws SessionError with ONNX Runtime's message, and when the GPU device was lost.
 */
export async function openWeb(model: Uint8Array | string, options: DriverOptions): Promise<DriverSession> {
  const { provider, config, intraOpNumThreads, ...rest } = options;
  if (Object.hasOwn(config, EXTERNAL_DATA_FOLDER))
    throw new SessionError(
      "driver 'web'",
      'expected weights within the model, got a folder of external data — WebAssembly reads no files: hold the weights in memory',
    );
  const { binding } = await instanceOf(provider, intraOpNumThreads);
  const native = await binding.call(
    typeof model === 'string' ? `createSession ${model}` : 'createSession',
    () =>
      // onnxruntime-web writes into `extra`.
      binding.InferenceSession.create(
        model as Uint8Array,
        { ...rest, executionProviders: [provider], extra: { ...config } } as InferenceSession.SessionOptions,
      ),
  );
  const session = bindingSession(binding, native);
  return provider === 'webgpu' ? endedByExceptions(session) : session;
}

/** How failures begin that ONNX Runtime returned; others were thrown through it. */
const RETURNED = /Non-zero status code returned/;

/**
 * A session that refuses to run once a run has thrown through ONNX Runtime: with Asyncify that leaves the session locked (onnxruntime-web 1.30), and the
 * page would wait for ever. Its neighbours run on.
 */
function endedByExceptions(session: DriverSession): DriverSession {
  let failure: SessionError | undefined;
  return {
    ...session,
    async run(feeds, fetches) {
      if (failure)
        throw new SessionError(
          'run',
          `expected a session that can run on, got one that failed before (${failure.problem}) — dispose of it and open the model anew`,
          { cause: failure },
        );
      try {
        return await session.run(feeds, fetches);
      } catch (error) {
        const cause = error instanceof SessionError && error.cause;
        const message = cause instanceof Error ? `${cause.message} ${String(cause.cause)}` : '';
        if (/OrtRun/.test(message) && !RETURNED.test(message)) failure = error as SessionError;
        throw error;
      }
    },
  };
}

/** The page's GPU as a device that holds tensors between runs. Throws SessionError where there is no adapter. */
export async function openWebDevice(options: DriverOptions): Promise<Device> {
  const { intraOpNumThreads, ...rest } = options;
  const { binding } = await instanceOf(options.provider, intraOpNumThreads);
  return bindingDevice(binding, rest);
}

async function instanceOf(provider: string, threads: number | undefined): Promise<Instance> {
  const ort = provider === 'webgpu' ? await loadWebGpu() : await load(platform.loadWasm);
  const instance = instances.get(ort) ?? newInstance(ort, provider);
  instances.set(ort, instance);
  startThreads(ort, instance, threads);
  return instance;
}

function newInstance(ort: Ort, provider: string): Instance {
  const inTurn = calling(provider);
  const queue = turns();
  const create = ort.InferenceSession.create as (...given: unknown[]) => Promise<InferenceSession>;
  const instance: Instance = {
    turns: queue,
    threads: undefined,
    device: undefined,
    live: 0,
    binding: {
      Tensor: ort.Tensor,
      fillsFetches: false,
      call: (where, work) => queue.take(() => inTurn(where, work)),
      InferenceSession: {
        async create(...given: unknown[]) {
          const session = await create(...given);
          instance.live++;
          await watchDevice(ort, instance);
          return counted(session, instance);
        },
      } as OpeningBinding['InferenceSession'],
    },
  };
  return instance;
}

/** The session, whose release is counted: with its last session ONNX Runtime destroys the device. */
function counted(session: InferenceSession, instance: Instance): InferenceSession {
  const release = session.release.bind(session);
  session.release = () => {
    if (--instance.live === 0) instance.device = undefined;
    return release();
  };
  return session;
}

/** A device that is gone while sessions are open was lost: it ends all calls. */
async function watchDevice(ort: Ort, instance: Instance): Promise<void> {
  const device = (await ort.env.webgpu?.device) as GpuDevice | undefined;
  if (!device || instance.device === device) return;
  instance.device = device;
  void device.lost.then(({ reason, message }) => {
    if (instance.device !== device) return;
    instance.turns.end(
      new SessionError(
        "provider 'webgpu'",
        `expected a live GPU device, got one that was lost (${[reason, message].filter(Boolean).join(': ')}) — reload the page, and go on from what was saved`,
      ),
    );
  });
}

interface Gpu {
  requestAdapter(): Promise<object | null>;
}

const webGpu = (): Gpu | undefined => (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;

/** Whether the page, or the worker, has a WebGPU adapter. */
export const hasWebGpu = async (): Promise<boolean> => Boolean(await webGpu()?.requestAdapter());

/** Throws SessionError where there is no WebGPU adapter. */
async function loadWebGpu(): Promise<Ort> {
  const gpu = webGpu();
  if (!(await hasWebGpu()))
    throw new SessionError(
      "provider 'webgpu'",
      `expected a WebGPU adapter, got ${gpu ? 'none from navigator.gpu' : 'no navigator.gpu'} — use a browser with WebGPU and a GPU, over https or localhost, or provider 'wasm'`,
    );
  return load(() => import('onnxruntime-web/webgpu'));
}

async function load(importOrt: () => Promise<Ort>): Promise<Ort> {
  try {
    return await importOrt();
  } catch (cause) {
    throw new SessionError(
      "driver 'web'",
      'expected onnxruntime-web, got no loadable package — npm install onnxruntime-web@1.30.0',
      { cause },
    );
  }
}

function startThreads(ort: Ort, instance: Instance, wanted: number | undefined): void {
  const started = instance.threads;
  if (wanted !== undefined && wanted > 1 && globalThis.crossOriginIsolated === false)
    throw new SessionError(
      'createSession: intraOpNumThreads',
      `expected 1 in a page that is not cross-origin isolated, got ${wanted} — serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp`,
    );
  if (started !== undefined && wanted !== undefined && wanted !== started)
    throw new SessionError(
      'createSession: intraOpNumThreads',
      `expected ${started}, with which this page's WebAssembly was started, got ${wanted} — ask for the same number in every session`,
    );
  if (started !== undefined) return;
  // Outside of pages onnxruntime-web asks node:os by require, which modules have not.
  const threads = wanted ?? (globalThis.crossOriginIsolated === undefined ? 1 : undefined);
  if (threads !== undefined) ort.env.wasm.numThreads = threads;
  instance.threads = ort.env.wasm.numThreads || threads;
}
