import { architectures } from './arch/index.js';
import { MODEL_TYPES } from './config.js';
import { type FileSource, isJsonObject, readJson, readJsonObject } from './file-source.js';
import { RERANKER_CONFIG } from './needed-files.js';
import { ModelKindError } from './option-error.js';

/** What a model directory is for; `encoder` is one without a head, `classifier` one of several labels. */
export type ModelTask = 'reranker' | 'embedding' | 'colbert' | 'classifier' | 'sparse' | 'encoder';

/** A task, and the mark in the directory that states it. */
export interface StatedTask {
  readonly task: ModelTask;
  readonly because: string;
  /**
   * Further tasks that it has weights for: bge-m3 has a ColBERT projection beside its Pooling module, and a language model's logits may answer
   * yes or no to a pair.
   */
  readonly also?: readonly ModelTask[];
}

/** sentence-transformers and PyLate name their class in config_sentence_transformers.json. */
const BY_MODEL_TYPE: Readonly<Record<string, ModelTask>> = {
  CrossEncoder: 'reranker',
  SentenceTransformer: 'embedding',
  ColBERT: 'colbert',
  SparseEncoder: 'sparse',
};

/**
 * The task that a directory states by its files, the most particular first: ColBERT's projection or settings, the class that
 * sentence-transformers wrote down, its modules that pool or score, how a decoder reads pairs, a classification head.
 * @param config config.json
 * @throws FileSourceError for a file that is not JSON
 */
export async function statedTask(
  source: FileSource,
  config: Readonly<Record<string, unknown>>,
): Promise<StatedTask> {
  const present = new Set(await source.list());
  const own = ['colbert_linear.safetensors', 'colbert_linear.pt', 'artifact.metadata'].find((name) =>
    present.has(name),
  );
  const stated = Array.isArray(config.architectures) ? String(config.architectures[0]) : '';
  const said = `"architectures" of config.json (${stated})`;
  const modules = present.has('modules.json') ? await readJson(source, 'modules.json') : [];
  const types = (Array.isArray(modules) ? modules : []).map((module: unknown) =>
    isJsonObject(module) ? String(module.type) : '',
  );
  const pooling = types.find((type) => type.endsWith('.Pooling'));
  if (own !== undefined && pooling !== undefined)
    return { task: 'embedding', because: `modules.json (${pooling})`, also: ['colbert'] };
  if (own !== undefined) return { task: 'colbert', because: own };
  if (stated === 'HF_ColBERT') return { task: 'colbert', because: said };
  const pylate = types.find((type) => type.startsWith('pylate.'));
  if (pylate !== undefined) return { task: 'colbert', because: `modules.json (${pylate})` };
  const settings = 'config_sentence_transformers.json';
  if (present.has(settings)) {
    const { model_type } = await readJsonObject(source, settings);
    const task = typeof model_type === 'string' ? BY_MODEL_TYPE[model_type] : undefined;
    if (task !== undefined) return { task, because: `"model_type" of ${settings} (${model_type})` };
  }
  if (pooling !== undefined) return { task: 'embedding', because: `modules.json (${pooling})` };
  const scorer = types.find((type) => type.endsWith('.LogitScore'));
  if (scorer !== undefined) return { task: 'reranker', because: `modules.json (${scorer})` };
  if (present.has(RERANKER_CONFIG)) return { task: 'reranker', because: RERANKER_CONFIG };
  // Heads of one score behind its layers, under the name of a language model.
  if (/^LayerWise\w+ForCausalLM$/.test(stated)) return { task: 'reranker', because: said };
  // Rerankers that answer yes or no are published as the language models that they are.
  if (stated.endsWith('ForCausalLM') && isDecoder(config))
    return { task: 'encoder', because: said, also: ['reranker'] };
  if (!stated.endsWith('ForSequenceClassification'))
    return { task: 'encoder', because: stated === '' ? 'no head is stated' : said };
  const labels = isJsonObject(config.id2label) ? Object.keys(config.id2label).length : config.num_labels;
  return labels === 1
    ? { task: 'reranker', because: `${said} with one label` }
    : { task: 'classifier', because: `${said} with ${labels ?? 2} labels` };
}

const CLASS_OF_TASK: { readonly [Task in ModelTask]?: string } = {
  reranker: 'CrossEncoder',
  embedding: 'Embedding',
  colbert: 'ColBERT',
};

/** Whether the type of config.json is a language model's. */
const isDecoder = ({ model_type }: Readonly<Record<string, unknown>>): boolean => {
  const type = MODEL_TYPES.find((one) => one === model_type);
  return type !== undefined && architectures[type].causalLm !== undefined;
};

/** The class that opens a directory of a task; rerankers that are decoders have one that reads from the file which of theirs it is. */
export const classOfTask = (
  task: ModelTask,
  config: Readonly<Record<string, unknown>>,
): string | undefined => (task === 'reranker' && isDecoder(config) ? 'Reranker' : CLASS_OF_TASK[task]);

/**
 * Refuses a directory that states another task; one that states none passes, since any head can be put on it.
 * @param where the directory's name in error messages
 * @param otherwise how to say that it is wanted as an encoder all the same
 * @throws ModelKindError naming the class that opens it
 */
export async function expectTask(
  checkpoint: { readonly source: FileSource; readonly config: Readonly<Record<string, unknown>> },
  wanted: 'reranker' | 'embedding' | 'colbert',
  where: string,
  otherwise: string,
): Promise<void> {
  const { task, because, also = [] } = await statedTask(checkpoint.source, checkpoint.config);
  // Classifiers of several labels: CrossEncoder has its own words for them.
  const passes = [wanted, 'encoder', ...(wanted === 'reranker' ? ['classifier'] : [])];
  if ([task, ...also].some((one) => passes.includes(one))) return;
  const other = classOfTask(task, checkpoint.config);
  throw new ModelKindError(
    where,
    `expected a model for ${classOfTask(wanted, checkpoint.config)}, got one of task "${task}" by ${because}`,
    `${other === undefined ? '' : `open it with ${other}, or `}${otherwise}`,
  );
}
