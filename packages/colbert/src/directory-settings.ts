import { ConfigError, type FileSource, isJsonObject, readJsonObject, readText } from '@rag/models';
import { type ColbertSettings, PUNCTUATION, ragRetrievalSettings } from './colbert-settings.js';
import { statedFields } from './stated-fields.js';

/** The files beside config.json that say how a ColBERT model is used. */
const SETTINGS_FILES = [
  'modules.json',
  'config_sentence_transformers.json',
  'sentence_bert_config.json',
  'artifact.metadata',
  'colbert_settings.json',
] as const;
type SettingsFile = (typeof SETTINGS_FILES)[number];

/** What a directory says of its model, apart from the projection. */
export interface DirectorySettings {
  readonly settings: Omit<ColbertSettings, 'projection'>;
  /** Folders of the Dense modules of a PyLate directory, in order. */
  readonly denseFolders: readonly string[];
  /** The objects that the settings were read from: keys that are not ours are saved again. */
  readonly stated: Readonly<Partial<Record<SettingsFile, Readonly<Record<string, unknown>>>>>;
}

/**
 * How a directory's model is used: as PyLate has it, where modules.json has Dense modules of PyLate or
 * config_sentence_transformers.json has PyLate's keys; as Stanford's ColBERT, where there is an artifact.metadata or config.json names
 * HF_ColBERT; else as RAG-Retrieval, with the lengths of a colbert_settings.json. A sentence-transformers directory of an embedding model is a bare encoder here.
 * @param longest the most tokens that the model has positions for
 * @throws ConfigError naming the file and field; FileSourceError for a file that is not JSON
 */
export async function readDirectorySettings(
  source: FileSource,
  config: Readonly<Record<string, unknown>>,
  longest: number,
): Promise<DirectorySettings> {
  const present = new Set(await source.list());
  const read = async (file: SettingsFile) =>
    present.has(file) ? await readJsonObject(source, file) : undefined;
  const own = await read('config_sentence_transformers.json');
  const modules = present.has('modules.json') ? await readModules(source) : [];
  if (modules.some(({ type }) => type.startsWith('pylate.')) || (own && isPylate(own))) {
    const bert = await read('sentence_bert_config.json');
    return {
      settings: pylateSettings(own ?? {}, bert ?? {}, longest),
      denseFolders: denseFolders(modules),
      stated: {
        ...(own && { 'config_sentence_transformers.json': own }),
        ...(bert && { 'sentence_bert_config.json': bert }),
      },
    };
  }
  const metadata = await read('artifact.metadata');
  const { architectures } = config;
  if (metadata || (Array.isArray(architectures) && architectures[0] === 'HF_ColBERT'))
    return {
      settings: stanfordSettings(metadata ?? {}, longest),
      denseFolders: [],
      stated: { ...(metadata && { 'artifact.metadata': metadata }) },
    };
  const lengths = await read('colbert_settings.json');
  return {
    settings: retrievalSettings(lengths ?? {}, longest),
    denseFolders: [],
    stated: { ...(lengths && { 'colbert_settings.json': lengths }) },
  };
}

/** RAG-Retrieval states no lengths; colbert_settings.json is ours and holds those that a model was trained at, and its instruction. */
function retrievalSettings(
  json: Readonly<Record<string, unknown>>,
  longest: number,
): Omit<ColbertSettings, 'projection'> {
  const fields = statedFields(json, 'colbert_settings.json');
  const { projection: _, query_length, document_length, ...settings } = ragRetrievalSettings([], longest);
  const query_instruction = fields.string('query_instruction', '');
  return {
    ...settings,
    query_length: fields.count('query_length', query_length),
    document_length: fields.count('document_length', document_length),
    ...(query_instruction !== '' && { query_instruction }),
  };
}

const isPylate = (json: Readonly<Record<string, unknown>>): boolean =>
  json.model_type === 'ColBERT' ||
  ['query_prefix', 'document_prefix', 'query_length'].some((key) => key in json);

/** As PyLate's `ColBERT` reads them, defaults included. */
function pylateSettings(
  json: Readonly<Record<string, unknown>>,
  bert: Readonly<Record<string, unknown>>,
  longest: number,
): Omit<ColbertSettings, 'projection'> {
  const fields = statedFields(json, 'config_sentence_transformers.json');
  const do_query_expansion = fields.boolean('do_query_expansion', true);
  const attends = fields.boolean('attend_to_expansion_tokens', false);
  return {
    layout: 'pylate',
    query_prefix: fields.string('query_prefix', '[Q] '),
    document_prefix: fields.string('document_prefix', '[D] '),
    query_length: fields.count('query_length', Math.min(32, longest)),
    document_length: fields.count('document_length', Math.min(180, longest)),
    do_query_expansion,
    attend_to_expansion_tokens: do_query_expansion && attends,
    skiplist_words: fields.strings('skiplist_words', PUNCTUATION),
    maskSpecialTokens: false,
    divideByQueryLength: false,
    do_lower_case: statedFields(bert, 'sentence_bert_config.json').boolean('do_lower_case', false),
  };
}

/** As `ColBERTConfig` of Stanford's ColBERT has them, defaults included. */
function stanfordSettings(
  json: Readonly<Record<string, unknown>>,
  longest: number,
): Omit<ColbertSettings, 'projection'> {
  const where = 'artifact.metadata';
  const fields = statedFields(json, where);
  const similarity = fields.string('similarity', 'cosine');
  if (similarity !== 'cosine')
    throw new ConfigError('similarity', '"cosine"', similarity, 'this package scores by dot products', where);
  return {
    layout: 'colbertv2',
    query_prefix: fields.string('query_token_id', '[unused0]'),
    document_prefix: fields.string('doc_token_id', '[unused1]'),
    query_length: fields.count('query_maxlen', Math.min(32, longest)),
    document_length: fields.count('doc_maxlen', Math.min(220, longest)),
    do_query_expansion: true,
    attend_to_expansion_tokens: fields.boolean('attend_to_mask_tokens', false),
    skiplist_words: fields.boolean('mask_punctuation', true) ? PUNCTUATION : [],
    maskSpecialTokens: false,
    divideByQueryLength: false,
    do_lower_case: false,
  };
}

interface Module {
  readonly path: string;
  readonly type: string;
}

async function readModules(source: FileSource): Promise<Module[]> {
  const where = 'modules.json';
  let json: unknown;
  try {
    json = JSON.parse(await readText(source, where));
  } catch (cause) {
    throw Object.assign(new ConfigError('(file)', 'JSON', 'other text', 'fetch the file again', where), {
      cause,
    });
  }
  if (!Array.isArray(json))
    throw new ConfigError('(file)', 'a list of modules', json, 'fetch the file again', where);
  return json.map((entry: unknown, i) => {
    if (!isJsonObject(entry)) throw new ConfigError(`[${i}]`, 'a module', entry, 'correct the file', where);
    const { path, type } = entry;
    if (typeof path !== 'string' || typeof type !== 'string')
      throw new ConfigError(`[${i}]`, 'a module with "path" and "type"', entry, 'correct the file', where);
    return { path, type };
  });
}

/** PyLate keeps the Transformer, which must lie in the directory itself, and the Dense modules, and passes over the others. */
function denseFolders(modules: readonly Module[]): string[] {
  const kindOf = ({ type }: Module) => type.slice(type.lastIndexOf('.') + 1);
  const transformer = modules.find((module) => kindOf(module) === 'Transformer');
  if (transformer && transformer.path !== '')
    throw new ConfigError(
      'path',
      '"" for the Transformer',
      transformer.path,
      'move its files up into the directory',
      'modules.json',
    );
  return modules.filter((module) => kindOf(module) === 'Dense').map(({ path }) => path);
}
