import { type FileSource, FileSourceError, missingFolder, readJsonObject } from '../file-source.js';
import { ADAPTER_CONFIG, parseAdapterConfig } from './adapter-config.js';
import { AdapterError } from './adapter-error.js';

/** PEFT's files of an adapter's tensors, in the order in which it prefers them. */
export const ADAPTER_FILES = ['adapter_model.safetensors', 'adapter_model.bin'] as const;

/** True for the files of an adapter without a model: no weights and no ONNX file beside adapter_config.json. */
export const isAdapter = (paths: readonly string[]): boolean =>
  paths.includes(ADAPTER_CONFIG) &&
  !paths.some((path) => /^(model|pytorch_model)(\.safetensors|\.bin)(\.index\.json)?$|\.onnx$/.test(path));

/**
 * A source whose model is its base's plus the adapter that it holds: where it is one of an adapter, its files laid over those of the base
 * that `open` gives; else the source itself. An adapter's own tokenizer and modules win over the base's.
 * @param open the files of the base model, by `base_model_name_or_path` and, on the hub, its `revision`
 * @throws AdapterError where the adapter names no base, or one that is itself an adapter; what `open` throws, with the adapter's file before it
 */
export async function withBaseModel<Source extends FileSource>(
  source: Source,
  open: (base: string, revision: string | undefined) => Promise<FileSource>,
): Promise<Source> {
  if (!isAdapter(await source.list())) return source;
  const { base_model_name_or_path: name, revision } = parseAdapterConfig(
    await readJsonObject(source, ADAPTER_CONFIG),
  );
  const key = 'base_model_name_or_path';
  if (name === null)
    throw new AdapterError(
      ADAPTER_CONFIG,
      key,
      'expected the base model, got none',
      'name its directory or its name on the hub',
    );
  const base = await open(name, revision ?? undefined).catch((cause: unknown) => {
    throw new AdapterError(
      ADAPTER_CONFIG,
      key,
      `expected the base model, got ${(cause as Error).message}`,
      'correct this key, or fetch the base model',
      { cause },
    );
  });
  if (isAdapter(await base.list()))
    throw new AdapterError(
      ADAPTER_CONFIG,
      key,
      `expected a model with weights, got ${JSON.stringify(name)}, which is an adapter too`,
      'merge that one first',
    );
  return { ...source, ...adapterSource(source, base) };
}

/** The files of an adapter laid over those of its base model; `openCheckpoint` merges the one into the other. */
export function adapterSource(adapter: FileSource, base: FileSource): FileSource {
  const holder = async (path: string): Promise<FileSource> => {
    const slash = path.lastIndexOf('/');
    const folder = slash < 0 ? undefined : path.slice(0, slash);
    const names = await listOrNone(adapter, folder);
    return names.includes(path.slice(slash + 1)) ? adapter : base;
  };
  const isLocal = adapter.localPath !== undefined && base.localPath !== undefined;
  return {
    read: async (path, offset, length) => (await holder(path)).read(path, offset, length),
    size: async (path) => (await holder(path)).size(path),
    async list(folder) {
      const [own, theirs] = [await listOrNone(adapter, folder), await listOrNone(base, folder)];
      if (folder !== undefined && own.length + theirs.length === 0) throw missingFolder(folder, folder);
      return [...new Set([...own, ...theirs])].sort();
    },
    ...(isLocal && { localPath: async (path) => (await holder(path)).localPath!(path) }),
    adapter,
  };
}

const listOrNone = (source: FileSource, folder: string | undefined): Promise<string[]> =>
  source.list(folder).catch((error: unknown) => {
    if (folder !== undefined && error instanceof FileSourceError) return [];
    throw error;
  });
