import { TOKENIZER_FILES, WEIGHT_FILES } from '../checkpoint.js';
import { checkFilePath, checkRange, type FileSource, FileSourceError } from '../file-source.js';
import { GOLDEN_FILE } from '../golden.js';
import { TASK_FILES } from '../needed-files.js';
import { ONNX_NAMES } from '../onnx-file/variants.js';
import { type ModelCache, modelCache } from './model-cache.js';

/** How far a download is. */
export interface UrlProgress {
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all; undefined where the server does not say. */
  readonly total: number | undefined;
}

export interface UrlSourceOptions {
  /** The files of the directory; by default the usual names are asked for. */
  readonly files?: readonly string[];
  /** Name of the browser's cache that keeps what was fetched, false for none; `rag-models` by default, where there is one. */
  readonly cache?: string | false;
  readonly onProgress?: (progress: UrlProgress) => void;
  readonly signal?: AbortSignal;
  /** In place of the platform's own, to send credentials for example. */
  readonly fetch?: typeof fetch;
}

/** A file as a server has it. */
interface Remote {
  readonly size: number | undefined;
  /** What changes when the file does. */
  readonly tag: string;
}

/** What a model's directory may hold, of which a web server gives no list. */
const USUAL_FILES = [
  'config.json',
  ...TOKENIZER_FILES,
  ...WEIGHT_FILES,
  ...TASK_FILES,
  GOLDEN_FILE,
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];
const USUAL_FILES_OF_FOLDERS = ['config.json', 'model.safetensors', 'pytorch_model.bin'];

const usualFiles = (folder: string | undefined): readonly string[] => {
  if (folder === undefined) return USUAL_FILES;
  return folder === 'onnx' ? ONNX_NAMES : USUAL_FILES_OF_FOLDERS;
};

/**
 * A checkpoint directory behind a URL, for pages: files are fetched whole when they are first read, kept as blobs (which browsers hold
 * outside of the page's memory) and in the browser's cache, where they are taken from while the server has the same ETag, or no server answers.
 * An answer of type text/html counts as no such file: single-page servers give their page for any path.
 * @throws TypeError for what is no URL; FileSourceError for files that are not there, cut or refused
 */
export function urlSource(
  base: string | URL,
  { files, cache, onProgress, signal, fetch: fetchUrl = globalThis.fetch }: UrlSourceOptions = {},
): FileSource {
  const root = new URL(base, globalThis.location?.href);
  if (!root.pathname.endsWith('/')) root.pathname += '/';
  const urlOf = (path: string): string => {
    checkFilePath(path);
    return new URL(path.split('/').map(encodeURIComponent).join('/'), root).href;
  };
  const kept: ModelCache = modelCache(cache);
  const init = signal ? { signal } : {};
  const remotes = new Map<string, Promise<Remote | undefined>>();
  const blobs = new Map<string, Promise<Blob>>();

  const ask = async (path: string): Promise<Remote | undefined> => {
    const url = urlOf(path);
    const answer = await fetchUrl(url, { method: 'HEAD', ...init }).catch(async (cause: unknown) => {
      signal?.throwIfAborted();
      const offline = await kept.tagOf(url);
      if (offline === undefined) throw unreachable(path, url, cause);
      return { offline };
    });
    if ('offline' in answer) return { size: undefined, tag: answer.offline };
    if (!isFile(answer)) {
      if (answer.ok || answer.status === 404 || answer.status === 410) return undefined;
      throw refused(path, url, answer.status);
    }
    const length = answer.headers.get('content-encoding') ? null : answer.headers.get('content-length');
    const tag = answer.headers.get('etag') ?? answer.headers.get('last-modified') ?? `${length} bytes`;
    return { size: /^\d{1,15}$/.test(length ?? '') ? Number(length) : undefined, tag };
  };
  const remote = (path: string): Promise<Remote | undefined> => remembered(remotes, path, ask);

  const load = async (path: string): Promise<Blob> => {
    const url = urlOf(path);
    const found = await remote(path);
    if (!found)
      throw new FileSourceError(path, `${url}: expected a file, got none — check the model's address`);
    const old = await kept.get(url, found.tag);
    if (old) return old;
    const answer = await fetchUrl(url, init).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw unreachable(path, url, cause);
    });
    if (!isFile(answer)) throw refused(path, url, answer.status);
    const blob = await collect(path, answer, found.size);
    await kept.put(url, found.tag, blob);
    return blob;
  };
  const open = (path: string): Promise<Blob> => remembered(blobs, path, load);

  const collect = async (path: string, answer: Response, total: number | undefined): Promise<Blob> => {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let received = 0;
    const reader = answer.body!.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      received += value.length;
      onProgress?.({ file: path, received, total });
      // Or it would go on until the memory is full.
      if (total !== undefined && received > total) {
        await reader.cancel().catch(() => {});
        throw wrongSize(path, urlOf(path), total, `${received} and more`, 'the server contradicts itself');
      }
    }
    if (total !== undefined && received !== total)
      throw wrongSize(path, urlOf(path), total, `${received}`, 'the connection was cut');
    return new Blob(parts);
  };

  return {
    async list(folder) {
      const under = folder === undefined ? '' : `${folder}/`;
      const wanted =
        files?.filter((path) => path.startsWith(under)) ?? usualFiles(folder).map((name) => under + name);
      const names = wanted.map((path) => path.slice(under.length)).filter((name) => !name.includes('/'));
      const there = await Promise.all(names.map((name) => (files ? true : remote(under + name))));
      return names.filter((_, i) => there[i]).sort();
    },
    async size(path) {
      const found = await remote(path);
      return found?.size ?? (await open(path)).size;
    },
    async read(path, offset, length) {
      const blob = await open(path);
      checkRange(path, offset, length, blob.size);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

const isFile = (answer: Response): boolean =>
  answer.ok && !/^text\/html\b/.test(answer.headers.get('content-type') ?? '');

/** Asks once; what failed is asked again. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  path: string,
  make: (path: string) => Promise<T>,
): Promise<T> {
  const made = known.get(path) ?? make(path);
  known.set(path, made);
  made.catch(() => known.delete(path));
  return made;
}

const unreachable = (path: string, url: string, cause: unknown): FileSourceError =>
  new FileSourceError(
    path,
    `${url}: expected an answer, got ${cause instanceof Error ? cause.message : String(cause)} — check the connection, and that the server allows this page (CORS)`,
    { cause },
  );

const wrongSize = (path: string, url: string, total: number, got: string, why: string): FileSourceError =>
  new FileSourceError(path, `${url}: expected ${total} bytes, got ${got} — ${why}: open the model again`);

const refused = (path: string, url: string, status: number): FileSourceError =>
  new FileSourceError(
    path,
    `${url}: expected a file, got HTTP ${status} — check the address and the permission`,
  );
