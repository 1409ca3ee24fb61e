import { type FileSource, isJsonObject, type ModelTask, readJson, statedTask } from '@rag/models';
import { ConfigError } from '../config/config-error.js';
import type { MixTaskName } from './mix-task.js';

/** The classes of classifiers open as rerankers, which have their own words for several labels. */
const TASKS: { readonly [Task in ModelTask]?: MixTaskName } = {
  reranker: 'reranker',
  classifier: 'reranker',
  embedding: 'embedding',
  colbert: 'colbert',
};

/**
 * The class that opens a model, by what its files state: a projection of token vectors, modules that pool, score or do neither, how a decoder reads
 * pairs, the class that config.json names.
 * @throws ConfigError where they do not say
 */
export async function taskOfModel(name: string, source: FileSource): Promise<MixTaskName> {
  const config = await readJson(source, 'config.json');
  const { task, because } = await statedTask(source, isJsonObject(config) ? config : {});
  const stated = TASKS[task];
  if (stated) return stated;
  // PyLate's older directories: a Dense behind a Transformer, without pooling.
  if (task === 'encoder' && (await source.list()).includes('modules.json')) return 'colbert';
  throw new ConfigError(
    '--task',
    undefined,
    `expected reranker, embedding or colbert for ${name}, whose files do not say (${because}), got none — pass it`,
  );
}
