import { TOKENIZER_FILES } from '../checkpoint.js';
import { checkFilePath, type FileSource, FileSourceError, isJsonObject, readJson } from '../file-source.js';

/** A module's weights or a projection, which lie in files of their own beside the encoder's. */
export interface ExtraWeights {
  /** `2_Dense`, `colbert_linear`: what stands before the tensors' names. */
  readonly stem: string;
  /** The first is read; all are written. */
  readonly files: readonly string[];
}

/** The files of a model that a mix reads, beside config.json and the encoder's weights. */
export interface MixFiles {
  readonly extras: readonly ExtraWeights[];
  /** Copied from the first model as they are. */
  readonly copied: readonly string[];
  /** The modules of sentence-transformers in their order, such as `Pooling`, with their folders. */
  readonly modules: readonly { readonly kind: string; readonly path: string }[];
}

/** What other libraries read beside a model's tokenizer.json. */
const COPIED = [
  ...TOKENIZER_FILES,
  'sentencepiece.bpe.model',
  'spiece.model',
  'spm.model',
  'tokenizer.model',
  'chat_template.jinja',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  'artifact.metadata',
  'colbert_settings.json',
];
const PROJECTIONS = ['colbert_linear', 'sparse_linear'];

/** Finds them. @throws FileSourceError for a modules.json that lists no modules, and for unsafe folders */
export async function findMixFiles(source: FileSource): Promise<MixFiles> {
  const present = new Set(await source.list());
  const copied = COPIED.filter((name) => present.has(name));
  const extras: ExtraWeights[] = [];
  const addExtra = (stem: string, candidates: readonly string[], there: ReadonlySet<string>) => {
    const files = candidates.filter((name) => there.has(name));
    if (files.length > 0) extras.push({ stem, files });
  };
  for (const name of PROJECTIONS) addExtra(name, [`${name}.safetensors`, `${name}.pt`], present);
  const modules = present.has('modules.json') ? await readModules(source) : [];
  for (const { path } of modules.filter((module) => module.path !== '')) {
    checkFilePath(path);
    const names = await source.list(path).catch((error: unknown): string[] => {
      // A Normalize of older versions has no folder.
      if (error instanceof FileSourceError) return [];
      throw error;
    });
    const there = new Set(names.map((name) => `${path}/${name}`));
    if (there.has(`${path}/config.json`)) copied.push(`${path}/config.json`);
    addExtra(path, [`${path}/model.safetensors`, `${path}/pytorch_model.bin`], there);
  }
  return { extras, copied, modules };
}

async function readModules(source: FileSource): Promise<MixFiles['modules']> {
  const json = await readJson(source, 'modules.json');
  const fail = () =>
    new FileSourceError(
      'modules.json',
      'modules.json: expected a list of modules {path, type}, got something else — fetch it again',
    );
  if (!Array.isArray(json)) throw fail();
  return json.map((entry: unknown) => {
    if (!isJsonObject(entry) || typeof entry.path !== 'string' || typeof entry.type !== 'string')
      throw fail();
    return { path: entry.path, kind: entry.type.split('.').at(-1)! };
  });
}
