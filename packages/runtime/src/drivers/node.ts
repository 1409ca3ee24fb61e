import type { InferenceSession } from 'onnxruntime-node';
import { SessionError } from '../error.js';
import { type DType, dtypes, Tensor, type TypedArray } from '../tensor.js';
import type { DriverOptions, DriverSession, TensorInfo } from './driver.js';

async function loadBinding(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new SessionError(
      "driver 'node'",
      'expected onnxruntime-node, got no loadable package — npm install onnxruntime-node@1.30.0',
      {
        cause,
      },
    );
  }
}

/**
 * Opens a model with onnxruntime-node's own binding. A run blocks the event loop for its whole time
 * (microsoft/onnxruntime#19611); inputs are read in place. Throws SessionError with ONNX Runtime's message.
 */
export async function openNode(model: Uint8Array | string, options: DriverOptions): Promise<DriverSession> {
  const ort = await loadBinding();
  const { provider, config, ...rest } = options;
  const native = await opened(
    typeof model === 'string' ? `createSession ${model}` : 'createSession',
    ort.InferenceSession.create(model as Uint8Array, {
      ...rest,
      executionProviders: [provider],
      extra: config,
    }),
  );
  const described = (kind: string, metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] => {
    try {
      return metadata.map((entry) => info(`createSession: ${kind} "${entry.name}"`, entry));
    } catch (error) {
      void native.release();
      throw error;
    }
  };
  return {
    inputs: described('input', native.inputMetadata),
    outputs: described('output', native.outputMetadata),
    async run(feeds, fetches) {
      const ortTensor = (where: string, tensor: Tensor) => {
        if (!(tensor.data.buffer instanceof ArrayBuffer)) {
          throw new SessionError(
            where,
            "expected an array over an ArrayBuffer, got one over a SharedArrayBuffer — use driver 'ffi', or copy it",
          );
        }
        return new ort.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, tensor.shape);
      };
      const nativeFeeds = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [name, ortTensor(`run: input "${name}"`, tensor)]),
      );
      const nativeFetches = Object.fromEntries(
        Object.entries(fetches).map(([name, tensor]) => [
          name,
          tensor && ortTensor(`run: output "${name}"`, tensor),
        ]),
      );
      const results = await opened('run', native.run(nativeFeeds, nativeFetches));
      return Object.fromEntries(
        Object.keys(fetches).map((name) => {
          // With a given tensor the binding writes into it and returns a copy besides; ours is the given one.
          const given = fetches[name];
          const result = results[name]!;
          return [name, given ?? tensorOf(result.type as DType, result.dims, result.data as TypedArray)];
        }),
      );
    },
    release() {
      // The binding frees the session within this call; its promise is resolved already.
      void native.release();
    },
  };
}

/** Where `Float16Array` exists the binding returns it; our tensors hold the raw codes everywhere. */
function tensorOf(dtype: DType, shape: readonly number[], data: TypedArray): Tensor {
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

async function opened<T>(where: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SessionError(where, `ONNX Runtime: ${message}`, { cause });
  }
}
