import type { DType, TypedArray } from '@rag/onnx';
import { ArtifactError } from '../artifacts/error.js';
import {
  type GenuineRuntime,
  loadGenuineRuntime,
  type OrtTensor,
  type OrtTrainingSession,
} from './genuine-loader.js';

/** A tensor that goes into or comes out of the genuine runtime; `data` is row-major. */
export interface GenuineTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** The four training artifacts as bytes; only evaluation needs the second, only the optimizer the third. */
export interface GenuineArtifacts {
  readonly checkpoint: Uint8Array;
  readonly trainingModel: Uint8Array;
  readonly evalModel?: Uint8Array;
  readonly optimizerModel?: Uint8Array;
}

/** A training session of ONNX Runtime's own training runtime. Steps run one after another; await each. */
export interface GenuineSession {
  /** The user inputs of the training model: neither parameters nor gradient buffers. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Forward and backward; gradients add up until `lazyResetGrad`. Feeds are by name, in any order. */
  trainStep(feeds: Record<string, GenuineTensor>): Promise<Record<string, GenuineTensor>>;
  /** One update with the gradients of the buffers; it does not reset them. */
  optimizerStep(): Promise<void>;
  /** Makes the next train step overwrite the gradient buffers. */
  lazyResetGrad(): Promise<void>;
  /** The eval model's outputs under its own names. */
  evalStep(feeds: Record<string, GenuineTensor>): Promise<Record<string, GenuineTensor>>;
  /** float32 parameters one after another, in the order of the training model's parameter inputs. */
  parameters(options?: { frozenToo?: boolean }): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** ONNX Runtime's training runtime (onnxruntime-web 1.19.2, WebAssembly, one thread), the oracle for our artifacts. */
export interface Genuine {
  createSession(artifacts: GenuineArtifacts): Promise<GenuineSession>;
}

/**
 * Starts the genuine training runtime in Node; once per process, sessions share it.
 * @throws ArtifactError if the devDependency `onnxruntime-web-training` is missing; sessions throw it for whatever the
 * runtime rejects, with the text of its C++ exception
 */
export async function openGenuine(): Promise<Genuine> {
  const runtime = await loadGenuineRuntime();
  return { createSession: (artifacts) => createSession(runtime, artifacts) };
}

async function createSession(runtime: GenuineRuntime, artifacts: GenuineArtifacts): Promise<GenuineSession> {
  const { ort } = runtime;
  const session = await attempt(runtime, 'createSession', () =>
    ort.TrainingSession.create({
      checkpointState: artifacts.checkpoint,
      trainModel: artifacts.trainingModel,
      ...(artifacts.evalModel && { evalModel: artifacts.evalModel }),
      ...(artifacts.optimizerModel && { optimizerModel: artifacts.optimizerModel }),
    }),
  );
  const { trainingInputNames: inputNames, trainingOutputNames: outputNames } = session;
  /** The runtime takes feeds by position and checks names only for existence. */
  const inOrder = (feeds: Record<string, GenuineTensor>, names: readonly string[], where: string) => {
    checkFeeds(Object.keys(feeds), names, where);
    return Object.fromEntries(
      names.map((name) => [name, new ort.Tensor(feeds[name]!.dtype, feeds[name]!.data, feeds[name]!.shape)]),
    );
  };
  return {
    inputNames,
    outputNames,
    async trainStep(feeds) {
      const inputs = inOrder(feeds, inputNames, 'trainStep');
      const results = await attempt(runtime, 'trainStep', () => session.runTrainStep(inputs));
      return namedTensors(outputNames, outputNames, results);
    },
    optimizerStep: () => attempt(runtime, 'optimizerStep', () => session.runOptimizerStep()),
    lazyResetGrad: () => attempt(runtime, 'lazyResetGrad', () => session.lazyResetGrad()),
    async evalStep(feeds) {
      if (!artifacts.evalModel) {
        throw new ArtifactError(
          'evalStep',
          'expected an eval model, got none — pass evalModel to createSession',
        );
      }
      return evalStep(runtime, session, inOrder(feeds, session.evalInputNames, 'evalStep'));
    },
    async parameters({ frozenToo = false } = {}) {
      const tensor = await attempt(runtime, 'parameters', () => session.getContiguousParameters(!frozenToo));
      return Float32Array.from(tensor.data as Float32Array);
    },
    dispose: () => attempt(runtime, 'dispose', () => session.release()),
  };
}

/** The runtime names the eval model's results by position with the training model's output names. */
async function evalStep(
  runtime: GenuineRuntime,
  session: OrtTrainingSession,
  inputs: Record<string, OrtTensor>,
): Promise<Record<string, GenuineTensor>> {
  const { evalOutputNames, trainingOutputNames } = session;
  if (evalOutputNames.length > trainingOutputNames.length) {
    throw new ArtifactError(
      'evalStep',
      `expected at most ${trainingOutputNames.length} outputs (as the training model has), got ${evalOutputNames.length} — the runtime loses the rest: give both models the same outputs`,
    );
  }
  const results = await attempt(runtime, 'evalStep', () => session.runEvalStep(inputs));
  return namedTensors(evalOutputNames, trainingOutputNames, results);
}

function namedTensors(
  names: readonly string[],
  keys: readonly string[],
  results: Record<string, OrtTensor>,
): Record<string, GenuineTensor> {
  return Object.fromEntries(
    names.map((name, i) => {
      const tensor = results[keys[i]!]!;
      return [
        name,
        { dtype: tensor.type as DType, shape: [...tensor.dims], data: (tensor.data as TypedArray).slice() },
      ];
    }),
  );
}

function checkFeeds(given: readonly string[], names: readonly string[], where: string): void {
  const wrong = names.find((name) => !given.includes(name)) ?? given.find((name) => !names.includes(name));
  if (wrong === undefined) return;
  throw new ArtifactError(
    `${where}: "${wrong}"`,
    `expected the feeds [${names.join(', ')}], got [${given.join(', ')}] — feed each once (a parameter in this list is missing in the checkpoint)`,
  );
}

async function attempt<T>(runtime: GenuineRuntime, where: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new ArtifactError(
      `genuine training runtime: ${where}`,
      `expected artifacts and feeds that it accepts, got ${runtime.explain(cause)} — compare with the rules of the format`,
      { cause },
    );
  }
}
