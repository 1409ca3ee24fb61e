import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-node';
import { SessionError } from '../error.js';
import { withProviderErrors } from '../provider-error.js';
import { type DType, dtypes, Tensor, type TypedArray } from '../tensor.js';
import type { DriverSession, TensorInfo } from './driver.js';

/** What onnxruntime-node and onnxruntime-web have in common, and how they differ. */
export interface Binding {
  readonly Tensor: TensorConstructor;
  /** Whether `run` writes into tensors that it is given; where not, results are copied into them. */
  readonly fillsFetches: boolean;
  /** Makes a call when it may be made; throws SessionError with ONNX Runtime's message. */
  readonly call: <T>(where: string, work: () => Promise<T>) => Promise<T>;
}

/** A session of a JavaScript binding of ONNX Runtime behind the drivers' interface. */
export function bindingSession(binding: Binding, native: InferenceSession): DriverSession {
  const release = () => void binding.call('release', () => native.release()).catch(() => {});
  return {
    ...described(native, release),
    async run(feeds, fetches) {
      const nativeFeeds = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [
          name,
          ortTensor(binding, `run: input "${name}"`, tensor),
        ]),
      );
      const nativeFetches = Object.fromEntries(
        Object.entries(fetches).map(([name, tensor]) => [
          name,
          tensor && binding.fillsFetches ? ortTensor(binding, `run: output "${name}"`, tensor) : null,
        ]),
      );
      const results = await binding.call('run', () => native.run(nativeFeeds, nativeFetches));
      return Object.fromEntries(
        Object.keys(fetches).map((name) => {
          const given = fetches[name];
          const result = results[name]!;
          // What is filled comes back as a copy besides; ours is the given one.
          if (given && binding.fillsFetches) return [name, given];
          const found = tensorOf(result.type as DType, result.dims, result.data as TypedArray);
          return [name, given ? copyInto(`run: output "${name}"`, given, found) : found];
        }),
      );
    },
    release,
  };
}

/** Inputs and outputs of a session, which is released if one of them is nothing that tensors can be. */
export function described(
  native: InferenceSession,
  release: () => void,
): Pick<DriverSession, 'inputs' | 'outputs'> {
  const infos = (kind: string, metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] =>
    metadata.map((entry) => info(`createSession: ${kind} "${entry.name}"`, entry));
  try {
    return { inputs: infos('input', native.inputMetadata), outputs: infos('output', native.outputMetadata) };
  } catch (error) {
    release();
    throw error;
  }
}

/** The binding's tensor over the same memory. */
export function ortTensor(binding: Pick<Binding, 'Tensor'>, where: string, tensor: Tensor): OrtTensor {
  if (!(tensor.data.buffer instanceof ArrayBuffer)) {
    throw new SessionError(
      where,
      "expected an array over an ArrayBuffer, got one over a SharedArrayBuffer — use driver 'ffi', or copy it",
    );
  }
  return new binding.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, tensor.shape);
}

/** Calls of a provider: what the work gives, with ONNX Runtime's own message in a SessionError where it fails, in an OutOfMemoryError where memory ends. */
export const calling =
  (provider: string): Binding['call'] =>
  (where, work) =>
    withProviderErrors(provider, async () => {
      try {
        return await work();
      } catch (cause) {
        if (cause instanceof SessionError) throw cause;
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new SessionError(where, `ONNX Runtime: ${message}`, { cause });
      }
    });

function copyInto(where: string, given: Tensor, found: Tensor): Tensor {
  if (given.dtype !== found.dtype || String(given.shape) !== String(found.shape))
    throw new SessionError(
      where,
      `expected the model to give ${given.dtype}[${given.shape.join(', ')}], got ${found.dtype}[${found.shape.join(', ')}] — give a tensor of that type`,
    );
  (given.data as Float32Array).set(found.data as Float32Array);
  return given;
}

/** Where `Float16Array` exists the binding returns it; our tensors hold the raw codes everywhere. */
export function tensorOf(dtype: DType, shape: readonly number[], data: TypedArray): Tensor {
  const { array } = dtypes[dtype];
  const codes = data instanceof array ? data : new array(data.buffer, data.byteOffset, data.length);
  return new Tensor(dtype, shape, codes);
}

function info(where: string, metadata: InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) {
    throw new SessionError(
      where,
      'expected a tensor, got a sequence, map or optional — change the model to tensors',
    );
  }
  if (!Object.hasOwn(dtypes, metadata.type)) {
    throw new SessionError(
      where,
      `expected one of the element types ${Object.keys(dtypes).join(', ')}, got ${metadata.type} — cast it inside the graph`,
    );
  }
  return { name: metadata.name, dtype: metadata.type as DType, shape: metadata.shape };
}
