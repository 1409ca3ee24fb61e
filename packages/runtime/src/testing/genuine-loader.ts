import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArtifactError } from '../artifacts/error.js';

/** The last release of onnxruntime-web with the training runtime, under the alias of this repository's devDependency. */
const packageAlias = 'onnxruntime-web-training';
const version = '1.19.2';

/** A tensor of onnxruntime-common. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  dispose(): void;
}

/** What `TrainingSession` of onnxruntime-common 1.19.2 offers, as far as it is used. */
export interface OrtTrainingSession {
  readonly trainingInputNames: readonly string[];
  readonly trainingOutputNames: readonly string[];
  readonly evalInputNames: readonly string[];
  readonly evalOutputNames: readonly string[];
  runTrainStep(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  runEvalStep(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  runOptimizerStep(): Promise<void>;
  lazyResetGrad(): Promise<void>;
  getContiguousParameters(trainableOnly: boolean): Promise<OrtTensor>;
  release(): Promise<void>;
}

interface OrtTraining {
  readonly env: { logLevel: string; wasm: { numThreads: number; wasmPaths: { mjs: string; wasm: string } } };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly TrainingSession: {
    create(options: {
      checkpointState: Uint8Array;
      trainModel: Uint8Array;
      evalModel?: Uint8Array;
      optimizerModel?: Uint8Array;
    }): Promise<OrtTrainingSession>;
  };
}

/** The emscripten module, as far as the two repairs touch it. */
interface WasmModule {
  readonly HEAPU8: Uint8Array;
  stackSave(): number;
  _free(pointer: number): void;
}

/** The loaded runtime and the reader of its thrown C++ exceptions. */
export interface GenuineRuntime {
  readonly ort: OrtTraining;
  /** Text for what the runtime threw; a C++ exception arrives as a bare pointer. */
  explain(thrown: unknown): string;
  /** How many frees of stack addresses were dropped so far. */
  droppedFrees(): number;
}

type Factory = (settings: unknown) => Promise<WasmModule>;
const hookKey = Symbol.for('@rag/runtime/genuine');
const hooks = globalThis as { [hookKey]?: (factory: Factory, settings: unknown) => Promise<WasmModule> };

let loading: Promise<GenuineRuntime> | undefined;

/**
 * Loads onnxruntime-web 1.19.2's training runtime into this process, once.
 * The package closes its `./training` export to Node, so the bundle is imported by its path. Its wasm module is started through
 * a wrapper of one line that hands the emscripten factory to us: that is where the module is kept and `_free` is repaired.
 * @throws ArtifactError if the package is not installed in the expected version
 */
export function loadGenuineRuntime(): Promise<GenuineRuntime> {
  loading ??= load();
  return loading;
}

async function load(): Promise<GenuineRuntime> {
  const dist = findDist();
  let module: WasmModule | undefined;
  let dropped = 0;
  hooks[hookKey] = async (factory, settings) => {
    module = await factory(settings);
    repairFree(module, () => dropped++);
    return module;
  };
  const factoryUrl = pathToFileURL(join(dist, 'ort-training-wasm-simd-threaded.mjs')).href;
  const wrapper = `import factory from ${JSON.stringify(factoryUrl)};
export default (settings) => globalThis[Symbol.for(${JSON.stringify(hookKey.description)})](factory, settings);`;
  const url = pathToFileURL(join(dist, 'ort.training.wasm.min.mjs')).href;
  const ort = (await import(/* @vite-ignore */ url)) as OrtTraining;
  // More threads would look for the number of cores through require(), which an ES module has not.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = {
    mjs: `data:text/javascript,${encodeURIComponent(wrapper)}`,
    wasm: join(dist, 'ort-training-wasm-simd-threaded.wasm'),
  };
  ort.env.logLevel = 'error';
  return { ort, explain: (thrown) => explainThrown(thrown, module?.HEAPU8), droppedFrees: () => dropped };
}

function findDist(): string {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(packageAlias);
  } catch (cause) {
    throw new ArtifactError(
      packageAlias,
      `expected the training runtime to be installed, found none — add the devDependency "${packageAlias}": "npm:onnxruntime-web@${version}"`,
      { cause },
    );
  }
  const dist = dirname(entry);
  const manifest = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8')) as { version?: string };
  if (manifest.version !== version) {
    throw new ArtifactError(
      packageAlias,
      `expected onnxruntime-web ${version} (the last with training), got ${manifest.version} — pin "npm:onnxruntime-web@${version}"`,
    );
  }
  return dist;
}

/**
 * `getContiguousParameters` and `loadParametersBuffer` of 1.19.2 free a pointer into the stack, which corrupts the heap: such
 * frees are dropped. The heap lies above the stack's start.
 * @param onDrop called for every dropped free
 */
export function repairFree(module: WasmModule, onDrop: () => void): void {
  const stackTop = module.stackSave();
  // Its first call replaces emscripten's lazy stub by the wasm export; only then is `_free` ours to replace.
  module._free(0);
  const free = module._free;
  module._free = (pointer) => {
    if (pointer === 0 || pointer > stackTop) free(pointer);
    else onDrop();
  };
}

/** Words after the exception's address that may point at its message. */
const exceptionWords = 32;
const shortestMessage = 13;
const longestMessage = 600;

/**
 * The text of what the wasm module threw. C++ exceptions cross its border as the address of the exception object; its
 * message is among the texts to which the words there point.
 * @param heap the module's memory, undefined before it is started
 */
export function explainThrown(thrown: unknown, heap: Uint8Array | undefined): string {
  if (typeof thrown !== 'number') return thrown instanceof Error ? thrown.message : String(thrown);
  if (!heap) return `C++ exception at ${thrown}`;
  const view = new DataView(heap.buffer, heap.byteOffset, heap.byteLength);
  const texts = new Set<string>();
  const first = thrown & ~3;
  for (let at = first; at < first + 4 * exceptionWords && at >= 0 && at + 4 <= heap.byteLength; at += 4) {
    const text = asciiAt(heap, view.getUint32(at, true));
    if (text.length >= shortestMessage) texts.add(text.replaceAll(/\s+/g, ' ').trim());
  }
  return `C++ exception: ${[...texts].join(' | ') || `at ${thrown}, without text`}`;
}

/** The zero-terminated ASCII text at an address; empty if other bytes come before its end. */
function asciiAt(heap: Uint8Array, address: number): string {
  let text = '';
  for (let at = address; at < heap.byteLength && text.length < longestMessage; at++) {
    const byte = heap[at]!;
    if (byte === 0) break;
    const printable = (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13;
    if (!printable) return '';
    text += String.fromCharCode(byte);
  }
  return text;
}
