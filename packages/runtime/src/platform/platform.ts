import type { Device } from '../drivers/device.js';
import type { DriverOptions, DriverSession } from '../drivers/driver.js';
import type { FfiSession } from '../drivers/ffi/session.js';
import type { Provider } from '../session.js';

/** A build of onnxruntime-web. */
export type Ort = typeof import('onnxruntime-web/wasm');

/** What differs between Node and a page; `#platform` of package.json names the file. */
export interface Platform {
  /** The drivers that there are, loaded when they are asked for. */
  readonly drivers: {
    readonly web: () => Promise<OpenDriver<DriverSession>>;
    readonly node?: () => Promise<OpenDriver<DriverSession>>;
    readonly ffi?: () => Promise<OpenDriver<FfiSession>>;
  };
  /** onnxruntime-web's build for WebAssembly on a CPU. */
  loadWasm(): Promise<Ort>;
  /** The devices on which tensors can lie, by provider. */
  readonly devices: {
    readonly webgpu: () => Promise<OpenDevice>;
    readonly cuda?: () => Promise<OpenDevice>;
  };
  /** What `auto` takes. */
  bestProvider(): Promise<Provider>;
  /** Throws SessionError where CUDA's provider is not installed. */
  requireCuda(): Promise<void>;
  /** Starts a thread on the text of a script, which finds `data` as `workerData`; undefined where there are no such threads. */
  readonly startThread?: (source: string, data: unknown) => Thread;
  /** Lets the event loop turn once. */
  turn(): Promise<void>;
}

export interface Thread {
  terminate(): void;
}

type OpenDriver<S> = (model: Uint8Array | string, options: DriverOptions) => Promise<S>;
type OpenDevice = (options: DriverOptions) => Promise<Device>;
