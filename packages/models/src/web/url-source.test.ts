import { afterEach, expect, test, vi } from 'vitest';
import { urlSource } from './url-source.js';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A web server of these files, and the requests that it got. */
function server(
  files: Record<string, string>,
  headers: (path: string) => Record<string, string> = () => ({}),
) {
  const requests: string[] = [];
  const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { pathname } = new URL(String(input));
    const method = init?.method ?? 'GET';
    requests.push(`${method} ${pathname}`);
    init?.signal?.throwIfAborted();
    const body = files[pathname];
    if (body === undefined) return new Response('<html>', { status: 404 });
    const length = String(new TextEncoder().encode(body).length);
    return new Response(method === 'HEAD' ? null : body, {
      headers: { 'content-length': length, etag: `"${body}"`, ...headers(pathname) },
    });
  };
  return { requests, fetch: answer as typeof fetch };
}

/** A Cache API in memory. */
function fakeCaches() {
  const kept = new Map<string, Response>();
  return {
    open: async () => ({
      match: async (url: string) => kept.get(url)?.clone(),
      put: async (url: string, answer: Response) => void kept.set(url, answer.clone()),
    }),
  };
}
afterEach(() => vi.unstubAllGlobals());

const files = {
  '/m/config.json': '{"a":1}',
  '/m/model.safetensors': '0123456789',
  '/m/1_Pooling/config.json': '{}',
  '/m/onnx/model_quantized.onnx': 'onnx',
};

test('lists what is there, and reads ranges of it', async () => {
  const { fetch, requests } = server(files);
  const progress: unknown[] = [];
  const source = urlSource('https://host/m', { fetch, onProgress: (step) => progress.push(step) });
  expect(await source.list()).toEqual(['config.json', 'model.safetensors']);
  expect(await source.list('1_Pooling')).toEqual(['config.json']);
  expect(await source.list('onnx')).toEqual(['model_quantized.onnx']);
  expect(await source.size('model.safetensors')).toBe(10);
  expect(text(await source.read('model.safetensors', 2, 3))).toBe('234');
  expect(text(await source.read('model.safetensors', 9, 1))).toBe('9');
  expect(requests.filter((line) => line.startsWith('GET'))).toEqual(['GET /m/model.safetensors']);
  expect(progress).toEqual([{ file: 'model.safetensors', received: 10, total: 10 }]);
});

test('says what is wrong, where', async () => {
  const { fetch } = server(
    files,
    (path): Record<string, string> =>
      path.endsWith('config.json')
        ? { 'content-type': 'text/html; charset=utf-8' }
        : { 'content-length': '11' },
  );
  const source = urlSource('https://host/m/', { fetch });
  await expect(source.read('config.json', 0, 1)).rejects.toThrow(
    "https://host/m/config.json: expected a file, got none — check the model's address",
  );
  await expect(source.read('model.safetensors', 0, 1)).rejects.toThrow('expected 11 bytes, got 10');
  await expect(source.read('../secret', 0, 1)).rejects.toThrow('expected a relative path inside');
  const broken = urlSource('https://host/m/', {
    fetch: async () => {
      throw new TypeError('Failed to fetch');
    },
  });
  await expect(broken.size('config.json')).rejects.toThrow(
    'https://host/m/config.json: expected an answer, got Failed to fetch — check the connection',
  );
  const closed = urlSource('https://host/m/', { fetch: async () => new Response(null, { status: 403 }) });
  await expect(closed.list()).rejects.toThrow('got HTTP 403');
  expect(() => urlSource('no address', { fetch })).toThrow(TypeError);
});

test('takes from the cache what the server has unchanged, or cannot say', async () => {
  vi.stubGlobal('caches', fakeCaches());
  const changing: Record<string, string> = { ...files };
  const { fetch, requests } = server(changing);
  const read = async (given: typeof fetch) =>
    text(await urlSource('https://host/m/', { fetch: given }).read('config.json', 0, 7));
  expect(await read(fetch)).toBe('{"a":1}');
  expect(await read(fetch)).toBe('{"a":1}');
  expect(requests).toEqual(['HEAD /m/config.json', 'GET /m/config.json', 'HEAD /m/config.json']);
  const offline = async () => {
    throw new TypeError('offline');
  };
  expect(await read(offline)).toBe('{"a":1}');
  changing['/m/config.json'] = '{"a":2}';
  expect(await read(fetch)).toBe('{"a":2}');
  await expect(
    urlSource('https://host/m/', { fetch: offline, cache: false }).read('config.json', 0, 1),
  ).rejects.toThrow('got offline');
});

test('a cache that is asked for by name has to be there', () => {
  expect(() => urlSource('https://host/m/', { cache: 'mine' })).toThrow('expected the Cache API for "mine"');
});

test('is stopped by its signal', async () => {
  const { fetch } = server(files);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(urlSource('https://host/m/', { fetch, signal }).size('config.json')).rejects.toThrow('enough');
});
