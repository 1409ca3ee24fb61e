import { type FileSource, TOKENIZER_FILES } from '@rag/models';
import type { CompleteConfig } from '../config/check-shared.js';
import { ConfigError } from '../config/config-error.js';
import type { RunFiles } from '../run-files.js';

type Settings = Partial<Pick<CompleteConfig, 'configName' | 'tokenizerName'>>;

/** Which files of a model each setting names another model for. */
const OF_SETTINGS = [
  ['config_name', 'configName', (path: string) => path === 'config.json'],
  [
    'tokenizer_name',
    'tokenizerName',
    (path: string) => (TOKENIZER_FILES as readonly string[]).includes(path),
  ],
] as const;

/**
 * A model's files with the config.json of `config_name` and the tokenizer of `tokenizer_name` in the place of its own.
 * @param hub how names on the hub are opened
 * @throws ConfigError for a model that is not there, or has none of these files
 */
export async function withOtherFiles<Source extends FileSource>(
  { openModel }: Pick<RunFiles, 'openModel'>,
  settings: Settings,
  model: Source,
  hub: Parameters<RunFiles['openModel']>[1],
): Promise<Source> {
  let laid = model;
  for (const [key, name, isOther] of OF_SETTINGS) {
    const place = settings[name];
    if (place === undefined) continue;
    const other = await openModel(place, { ...hub, files: [] });
    const names = (await other?.list())?.filter(isOther) ?? [];
    if (!other || names.length === 0) {
      const what = key === 'config_name' ? 'config.json' : 'tokenizer files';
      throw new ConfigError(
        key,
        key,
        `expected a model with ${what}, got "${place}", which ${other ? 'has none' : 'is none'} — check the path`,
      );
    }
    laid = { ...laid, ...overlaid(laid, other, isOther) };
  }
  return laid;
}

/** Files of one directory, with those of another for some names. */
function overlaid(
  base: FileSource,
  other: FileSource,
  isOther: (path: string) => boolean,
): Pick<FileSource, 'read' | 'size' | 'list' | 'localPath'> {
  const holder = (path: string): FileSource => (isOther(path) ? other : base);
  return {
    read: (path, offset, length) => holder(path).read(path, offset, length),
    size: (path) => holder(path).size(path),
    async list(folder) {
      const own = await base.list(folder);
      if (folder !== undefined) return own;
      const theirs = (await other.list()).filter(isOther);
      return [...own.filter((path) => !isOther(path)), ...theirs].sort();
    },
    ...(base.localPath && other.localPath && { localPath: (path: string) => holder(path).localPath!(path) }),
  };
}
