import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { withBaseModel } from '../lora/adapter-source.js';
import { OptionError } from '../option-error.js';
import { type DirectorySource, directorySource } from './directory-source.js';
import { HubError, type HubErrorReason } from './hub-error.js';
import { isHubId } from './hub-id.js';
import { type HubSourceOptions, hubSource } from './hub-source.js';

/** Failures after which the name may have been meant as a directory. */
const MAY_BE_NO_MODEL: ReadonlySet<HubErrorReason> = new Set([
  'not-found',
  'unauthorized',
  'offline',
  'network',
  'server',
  'busy',
  'refused',
]);

/**
 * The files of a model by its directory or by its name on the hub; a directory that is there wins. One of a LoRA adapter is given with its
 * base model under it: by `base_model_name_or_path`, which may also start with `./` or `../` and mean a directory as seen from the adapter's.
 * @throws FileSourceError or HubError; RangeError for what can be neither, OptionError for a revision of a directory, AdapterError for an
 *   adapter whose base model cannot be opened
 */
export async function openHubOrDirectory(
  idOrDirectory: string,
  options: HubSourceOptions = {},
): Promise<DirectorySource> {
  const source = await openAlone(idOrDirectory, options);
  return withBaseModel(source, async (base, revision) => {
    const { revision: _, files: __, ...hub } = options;
    const beside = /^\.\.?\//.test(base) ? resolve(source.directory, base) : base;
    return openAlone((await isDirectory(beside)) ? beside : base, {
      ...hub,
      ...(revision !== undefined && isHubId(base) && { revision }),
    });
  });
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function openAlone(idOrDirectory: string, options: HubSourceOptions): Promise<DirectorySource> {
  const found = await stat(idOrDirectory).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(error.code ?? '')) return undefined;
    throw error;
  });
  if (found) {
    if (options.revision !== undefined && found.isDirectory())
      throw new OptionError(
        'revision',
        `expected a model of the hub, got ${JSON.stringify(options.revision)} of the directory ${idOrDirectory}`,
        'leave it out, or run where no such directory is',
      );
    return directorySource(idOrDirectory);
  }
  const shown = JSON.stringify(idOrDirectory);
  if (!isHubId(idOrDirectory))
    throw new RangeError(
      `${shown}: expected a model directory or the name of a model of the hub, such as "BAAI/bge-m3", got neither: there is no directory ${resolve(idOrDirectory)}, and the hub has no such names — check the path`,
    );
  try {
    return await hubSource(idOrDirectory, options);
  } catch (error) {
    if (!(error instanceof HubError) || !MAY_BE_NO_MODEL.has(error.reason)) throw error;
    throw new HubError(
      `${error.message}; nor is there a directory ${resolve(idOrDirectory)}`,
      error.reason,
      error.status,
      error.url,
      { cause: error },
    );
  }
}
