import { type FileSource, isJsonObject, readJson } from '@rag/models';
import { ConfigError } from '../config/config-error.js';
import type { MixTaskName } from './mix-task.js';

/**
 * The class that opens a model, by its files: a projection of token vectors, modules that pool or do not, the class that config.json
 * names.
 * @throws ConfigError where they do not say
 */
export async function taskOfModel(name: string, source: FileSource): Promise<MixTaskName> {
  const files = new Set(await source.list());
  const projections = ['colbert_linear.pt', 'colbert_linear.safetensors', 'artifact.metadata'];
  if (projections.some((file) => files.has(file))) return 'colbert';
  if (files.has('modules.json')) {
    const modules = await readJson(source, 'modules.json');
    const pools = Array.isArray(modules) && modules.some((module) => /\.Pooling$/.test(String(module?.type)));
    return pools ? 'embedding' : 'colbert';
  }
  const config = await readJson(source, 'config.json');
  const classes = isJsonObject(config) && Array.isArray(config.architectures) ? config.architectures : [];
  if (classes.some((each) => String(each).endsWith('ForSequenceClassification'))) return 'reranker';
  throw new ConfigError(
    '--task',
    undefined,
    `expected reranker, embedding or colbert for ${name}, whose files do not say, got none — pass it`,
  );
}
