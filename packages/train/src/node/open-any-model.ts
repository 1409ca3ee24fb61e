import { ColBERT } from '@rag/colbert';
import { Embedding, type PoolingMode } from '@rag/embedding';
import { type ModelTask, type OnnxChoice, openCheckpointOrOnnx, statedTask } from '@rag/models';
import { type HubOptions, openHubOrDirectory } from '@rag/models/node';
import { Reranker } from '@rag/reranker';
import { ModelError, openModel } from '../recipes/open-model.js';
import { hubFlagNames } from './hub-flags.js';
import { modelFingerprint } from './model-fingerprint.js';
import { onnxFlagName } from './onnx-flag.js';
import { type TemplateFlags, templateOptions } from './template-flags.js';

/** A model of any of the three kinds that score. */
export type AnyModel =
  | { readonly task: 'reranker'; readonly model: Reranker }
  | { readonly task: 'embedding'; readonly model: Embedding }
  | { readonly task: 'colbert'; readonly model: ColBERT };

export interface OpenAnyOptions {
  readonly hub: HubOptions;
  readonly onnx?: OnnxChoice;
  readonly pooling?: PoolingMode;
  readonly threads?: number;
  /** How pairs are written, for rerankers that are decoders; retrievers do not read them. */
  readonly template?: TemplateFlags;
}

/** The kinds that are asked for, in words. */
const words = { reranker: 'a reranker', embedding: 'an embedding model', colbert: 'a ColBERT model' };

/**
 * Opens a model as what its files say that it is, never by its name; a bare encoder with `pooling` is an embedding model, a causal
 * language model without it a reranker by the logits of its answer.
 * @param tasks that are wanted
 * @returns the model, and its fingerprint, which reads its weights when it is asked for
 * @throws ModelError for a model of another kind, and as `openModel`
 */
export async function openAnyModel<const Task extends AnyModel['task']>(
  name: string,
  tasks: readonly Task[],
  { hub, onnx, pooling, threads, template = {} }: OpenAnyOptions,
): Promise<Extract<AnyModel, { task: Task }> & { fingerprint(): Promise<string> }> {
  const options = {
    ...hub,
    ...(onnx !== undefined && { onnx }),
    ...(threads !== undefined && { threads }),
  };
  const asked = templateOptions(template);
  const names = { ...hubFlagNames, ...onnxFlagName, pooling: '--pooling', ...asked.names };
  const { directory, task } = await openModel(
    name,
    async () => {
      const source = await openHubOrDirectory(name, options);
      const { config } = await openCheckpointOrOnnx(source, onnx);
      const stated = await statedTask(source, config);
      const answers = stated.task === 'encoder' && stated.also?.includes('reranker');
      const reranks = answers && pooling === undefined && (tasks as readonly string[]).includes('reranker');
      const read = reranks ? ({ ...stated, task: 'reranker' } as const) : stated;
      return { directory: source.directory, task: taskOf(name, read, tasks, pooling) };
    },
    names,
  );
  const opened = await openModel<AnyModel>(
    name,
    async () => {
      switch (task) {
        case 'reranker':
          return {
            task,
            model: await Reranker.fromPretrained(name, { ...options, ...asked.options, newHead: false }),
          };
        case 'colbert':
          return { task, model: await ColBERT.fromPretrained(name, { ...options, newHead: false }) };
        case 'embedding': {
          const pooled = pooling === undefined ? options : { ...options, pooling };
          return { task, model: await Embedding.fromPretrained(name, pooled) };
        }
      }
    },
    names,
  );
  const fingerprint = () => modelFingerprint(directory, opened.model.onnx);
  return { ...opened, fingerprint } as Extract<AnyModel, { task: Task }> & { fingerprint(): Promise<string> };
}

function taskOf(
  name: string,
  { task, because }: { readonly task: ModelTask; readonly because: string },
  tasks: readonly AnyModel['task'][],
  pooling: PoolingMode | undefined,
): AnyModel['task'] {
  const read = task === 'encoder' && pooling !== undefined ? 'embedding' : task;
  const found = tasks.find((each) => each === read);
  if (found) return found;
  const wanted = tasks.map((each) => words[each]).join(' or ');
  const advice =
    task === 'encoder' && tasks.includes('embedding')
      ? `pass --pooling to take it as an embedding model, or train it`
      : `\`rag inspect ${name}\` tells what it is`;
  throw new ModelError(name, `expected ${wanted}, got one of the task ${task}, by ${because} — ${advice}`);
}
