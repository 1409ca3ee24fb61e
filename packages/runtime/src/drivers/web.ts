import type { InferenceSession } from 'onnxruntime-node';
import { SessionError } from '../error.js';
import { bindingSession, opened } from './binding.js';
import { type DriverOptions, type DriverSession, EXTERNAL_DATA_FOLDER } from './driver.js';

type Ort = typeof import('onnxruntime-web/wasm');

/** Threads that the page's one WebAssembly instance was started with; undefined before its first session. */
let started: number | undefined;

/**
 * Opens a model with onnxruntime-web, in a browser or in Node: provider `wasm`, or `webgpu` where there is an adapter. Feeds and results are
 * copied into and out of the WebAssembly memory, which ends at 4 GiB (https://onnxruntime.ai/docs/tutorials/web/large-models.html).
 * Threads are one number for all sessions of a page, and need cross-origin isolation. Throws SessionError with ONNX Runtime's message.
 */
export async function openWeb(model: Uint8Array | string, options: DriverOptions): Promise<DriverSession> {
  const { provider, config, intraOpNumThreads, ...rest } = options;
  if (Object.hasOwn(config, EXTERNAL_DATA_FOLDER))
    throw new SessionError(
      "driver 'web'",
      'expected weights within the model, got a folder of external data — WebAssembly reads no files: hold the weights in memory',
    );
  const ort = provider === 'webgpu' ? await loadWebGpu() : await load(() => import('onnxruntime-web/wasm'));
  startThreads(ort, intraOpNumThreads);
  const native = await opened(
    typeof model === 'string' ? `createSession ${model}` : 'createSession',
    ort.InferenceSession.create(
      model as Uint8Array,
      {
        ...rest,
        executionProviders: [provider],
        extra: config,
      } as InferenceSession.SessionOptions,
    ),
  );
  return bindingSession({ Tensor: ort.Tensor, fillsFetches: false }, native);
}

async function loadWebGpu(): Promise<Ort> {
  const gpu = (globalThis.navigator as { gpu?: { requestAdapter(): Promise<object | null> } } | undefined)
    ?.gpu;
  const adapter = await gpu?.requestAdapter();
  if (!adapter)
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

function startThreads(ort: Ort, wanted: number | undefined): void {
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
  if (wanted !== undefined) ort.env.wasm.numThreads = wanted;
  started = ort.env.wasm.numThreads || wanted;
}
