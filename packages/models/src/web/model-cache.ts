/** Files that a browser keeps between visits (https://developer.mozilla.org/docs/Web/API/Cache). */
export interface ModelCache {
  /** The tag under which a file was kept; undefined for none. */
  tagOf(url: string): Promise<string | undefined>;
  /** The file, where it was kept under this tag. */
  get(url: string, tag: string): Promise<Blob | undefined>;
  put(url: string, tag: string, blob: Blob): Promise<void>;
}

const TAG = 'x-rag-tag';

const none: ModelCache = {
  tagOf: async () => undefined,
  get: async () => undefined,
  put: async () => {},
};

/**
 * The browser's cache of a name; one that keeps nothing for `false`, and by default where there is no Cache API (outside of https and localhost).
 * @throws RangeError for a named cache where there is no Cache API
 */
export function modelCache(name?: string | false): ModelCache {
  const storage = globalThis.caches as CacheStorage | undefined;
  if (name === false || (name === undefined && !storage)) return none;
  if (!storage)
    throw new RangeError(
      `cache: expected the Cache API for "${name}", got none — serve the page over https or localhost, or pass cache: false`,
    );
  const opened = storage.open(name ?? 'rag-models');
  const find = async (url: string) => (await opened).match(url);
  return {
    tagOf: async (url) => (await find(url))?.headers.get(TAG) ?? undefined,
    async get(url, tag) {
      const answer = await find(url);
      return answer?.headers.get(TAG) === tag ? answer.blob() : undefined;
    },
    async put(url, tag, blob) {
      await (await opened).put(url, new Response(blob, { headers: { [TAG]: tag } }));
    },
  };
}
