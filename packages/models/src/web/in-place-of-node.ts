/** What `@rag/models/node` is in a page: the same names; models come from URLs, and what needs files says what to use in their place. */
import { HubError } from '../node/hub-error.js';
import { checkHubId, isHubId } from '../node/hub-id.js';
import type { HubSourceOptions } from '../node/hub-source.js';
import { OptionError } from '../option-error.js';
import { type UrlProgress, urlSource } from './url-source.js';

export { HubError, isHubId };

export const ONNX_FOLDER = 'onnx';

/**
 * The files of a model by its URL, absolute or relative to the page's (`./model`, `/model`), or by its name on the hub
 * (`<endpoint>/<id>/resolve/<revision>/`), kept in the browser's cache.
 * @throws as `urlSource`; RangeError for what can be neither, OptionError for options that a page does not have
 */
export async function openHubOrDirectory(idOrUrl: string, options: HubSourceOptions = {}) {
  if (isUrl(idOrUrl)) {
    if (options.revision !== undefined)
      throw new OptionError(
        'revision',
        `expected a model of the hub, got ${JSON.stringify(options.revision)} of ${idOrUrl}`,
        'leave it out',
      );
    return urlSource(idOrUrl, urlOptions(options));
  }
  if (!isHubId(idOrUrl))
    throw new RangeError(
      `${JSON.stringify(idOrUrl)}: expected a URL ("https://…/", "./model") or the name of a model of the hub, such as "BAAI/bge-m3", got neither — check it`,
    );
  return hubSource(idOrUrl, options);
}

/** A model of the hub by the URLs of its files. @throws as `openHubOrDirectory` */
export async function hubSource(id: string, options: HubSourceOptions = {}) {
  checkHubId(id);
  const { endpoint = 'https://huggingface.co', revision = 'main' } = options;
  return urlSource(
    `${endpoint.replace(/\/+$/, '')}/${id}/resolve/${encodeURIComponent(revision)}/`,
    urlOptions(options),
  );
}

/** Told apart from a name of the hub, which has neither scheme nor leading dot or slash. */
const isUrl = (text: string): boolean => /^(\.{0,2}\/|[a-z][a-z0-9+.-]*:)/i.test(text);

function urlOptions({ files, token, onProgress, signal, cacheDir, offline }: HubSourceOptions) {
  for (const [name, value] of Object.entries({ cacheDir, offline }))
    if (value !== undefined)
      throw new OptionError(
        name,
        `expected Node, got a page and ${JSON.stringify(value)}`,
        'leave it out: the browser keeps the files',
      );
  const sizes = new Map<string, { loaded: number; size: number }>();
  const report = ({ file, received, total }: UrlProgress) => {
    sizes.set(file, { loaded: received, size: total ?? received });
    const all = [...sizes.values()];
    onProgress?.({
      path: file,
      loaded: received,
      size: total ?? received,
      allLoaded: all.reduce((sum, { loaded }) => sum + loaded, 0),
      allSize: all.reduce((sum, { size }) => sum + size, 0),
    });
  };
  return {
    ...(files && { files }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress: report }),
    ...(token && { fetch: withToken(token) }),
  };
}

const withToken =
  (token: string): typeof fetch =>
  (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };

/** A function of Node: nothing in its place. */
const needsNode = (name: string, instead: string) => async (): Promise<never> => {
  throw new TypeError(`${name}: expected Node, got a page, which has no directories — ${instead}`);
};

const files = 'take the files in memory: `await model.files()`, or checkpointFiles of @rag/models';
const url = 'use urlSource of @rag/models/web, or memorySource of @rag/models';

export const foreignFiles = needsNode('foreignFiles', files);
export const saveCheckpoint = needsNode('saveCheckpoint', files);
export const saveAdapter = needsNode('saveAdapter', 'take adapterFiles of @rag/models');
export const writeFileAtomically = needsNode('writeFileAtomically', files);
export const temporaryName = needsNode('temporaryName', files);
export const temporaryTarget = needsNode('temporaryTarget', files);
export const fileSink = needsNode('fileSink', files);
export const writeOnnx = needsNode('writeOnnx', 'export the model in Node');
export const pushToHub = needsNode('pushToHub', `${files}, and push them from Node`);
export const directorySource = needsNode('directorySource', url);
export const mixModels = needsNode('mixModels', 'mix models in Node');
export const openMixModels = needsNode('openMixModels', 'mix models in Node');

/** Never thrown in a page; for `instanceof`. */
export class SaveRefusedError extends Error {
  override name = 'SaveRefusedError';
}
