import { ConfigError, type FileSource, isJsonObject, readJson } from '@rag/models';

/** The modules of sentence-transformers that this package runs. */
const KINDS = ['Transformer', 'Pooling', 'Dense', 'Normalize'] as const;
export type ModuleKind = (typeof KINDS)[number];

/** One entry of modules.json. */
export interface ModuleEntry {
  readonly kind: ModuleKind;
  /** Its folder in the directory, '' for the directory itself. */
  readonly path: string;
}

/**
 * Where the classes stand: `sentence_transformers.models.Pooling` (versions 2 to 5), …`.models.Pooling.Pooling`,
 * `sentence_transformers.sentence_transformer.modules.pooling.Pooling` and `sentence_transformers.base.modules.dense.Dense` (6).
 */
const CLASS_PATH =
  /^sentence_transformers\.(?:models|base\.modules|sentence_transformer\.modules)(?:\.\w+)?\.(\w+)$/;
/**
 * The first module of jina-embeddings-v3, by code of its repository (custom_st.py): a Transformer with a choice of adapters, and
 * without a task the plain one. For other models the name means other code.
 */
const JINA = {
  module: 'custom_st.Transformer',
  types: ['jina_embeddings_v3', 'jina_xlm_roberta'] as readonly string[],
} as const;
const FILE = 'modules.json';

/**
 * The modules of a sentence-transformers directory in their order: one Transformer in the directory itself, one Pooling, any
 * number of Dense, and at most one Normalize, which is the last.
 * @param modelType of the encoder, which decides what code of a repository's own is known
 * @throws FileSourceError for a file that is no JSON, ConfigError naming the entry that is malformed, of another type or out of place
 */
export async function readModuleList(source: FileSource, modelType?: string): Promise<ModuleEntry[]> {
  const json = await readJson(source, FILE);
  if (!Array.isArray(json) || json.length > 64)
    throw new ConfigError('(file)', 'a list of at most 64 modules', json, 'fetch the file again', FILE);
  const modules = json.map((entry: unknown, i) => readEntry(entry, i, modelType));
  for (const [i, { kind, path }] of modules.entries()) {
    const expected = i === 0 ? 'Transformer' : i === 1 ? 'Pooling' : 'Dense';
    const closes = kind === 'Normalize' && i > 1 && i === modules.length - 1;
    if (kind !== expected && !closes)
      throw new ConfigError(
        `[${i}].type`,
        i < 2 ? `the module ${expected}` : 'Dense modules and then at most one Normalize',
        kind,
        'this order of modules is not one that this package can run',
        FILE,
      );
    if ((path === '') !== (i === 0))
      throw new ConfigError(
        `[${i}].path`,
        i === 0 ? '"" (the files of the Transformer in the directory itself)' : "the module's folder",
        path,
        'save the model with a newer sentence-transformers',
        FILE,
      );
  }
  if (modules.length < 2)
    throw new ConfigError(
      '(file)',
      'a Transformer and a Pooling',
      json,
      'use a model of text embeddings',
      FILE,
    );
  return modules;
}

function readEntry(entry: unknown, i: number, modelType: string | undefined): ModuleEntry {
  const fail = (field: string, expected: string, got: unknown, advice: string): never => {
    throw new ConfigError(`[${i}]${field}`, expected, got, advice, FILE);
  };
  if (!isJsonObject(entry)) return fail('', 'a module', entry, 'fetch the file again');
  const { type, path } = entry;
  const name =
    type === JINA.module && JINA.types.includes(modelType ?? '')
      ? 'Transformer'
      : typeof type === 'string'
        ? CLASS_PATH.exec(type)?.[1]
        : undefined;
  const kind = KINDS.find((known) => known === name);
  if (kind === undefined)
    return fail(
      '.type',
      `a module of sentence_transformers among ${KINDS.join(', ')}`,
      type,
      'this package cannot run it',
    );
  if (typeof path !== 'string') return fail('.path', "the module's folder", path, 'fetch the file again');
  return { kind, path };
}
