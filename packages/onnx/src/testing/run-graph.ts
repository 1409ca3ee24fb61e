import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../ir/trace.js';
import type { DType, TypedArray } from '../ir/type.js';
import { type EncodeOptions, encodeModel } from '../proto/encode.js';
import type { HostTensor } from './host-tensor.js';

/** A graph that ONNX Runtime's CPU provider has accepted. */
export interface OpenGraph {
  /** Feeds inputs and parameters by name; returns every output. */
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** intra-op threads; 1 by default. */
  readonly threads?: number;
  /** Folder that external data lies in. */
  readonly externalDataFolder?: string;
}

export type OpenOptions = EncodeOptions & SessionOptions;

/** Loads a graph into onnxruntime-node's CPU provider; rejects with ONNX Runtime's own error where it refuses it. */
export const openGraph = (graph: Graph, options: OpenOptions = {}): Promise<OpenGraph> =>
  openModel(encodeModel(graph, options), options);

/** Loads the bytes of an ONNX file into onnxruntime-node's CPU provider. */
export async function openModel(bytes: Uint8Array, options: SessionOptions = {}): Promise<OpenGraph> {
  const { threads = 1, externalDataFolder } = options;
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(externalDataFolder === undefined
      ? {}
      : { extra: { session: { model_external_initializers_file_folder_path: externalDataFolder } } }),
  });
  return {
    async run(feeds) {
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, x]) => [
          name,
          new Tensor(x.dtype as 'float32', x.data as Float32Array, x.shape),
        ]),
      );
      const results = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, x]) => [
          name,
          { dtype: x.type as DType, shape: x.dims, data: x.data as TypedArray },
        ]),
      );
    },
    close: () => session.release(),
  };
}

/** Runs a graph once on onnxruntime-node's CPU provider. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
  options: OpenOptions = {},
): Promise<Record<string, HostTensor>> {
  const open = await openGraph(graph, options);
  try {
    return await open.run(feeds);
  } finally {
    await open.close();
  }
}
