import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  wasm: 'application/wasm',
  json: 'application/json',
};

export interface StaticServer {
  /** Ends in a slash. */
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Serves a folder on a free port, cross-origin isolated, and to pages of other origins. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const asked: string[] = [];
  const server = createServer(async ({ url, method }, answer) => {
    const path = normalize(decodeURIComponent(new URL(url ?? '/', 'http://host').pathname));
    asked.push(path);
    try {
      const body = await readFile(join(folder, path === '/' ? 'index.html' : path));
      answer.writeHead(200, {
        'content-type': TYPES[path === '/' ? 'html' : path.split('.').at(-1)!] ?? 'application/octet-stream',
        'content-length': body.length,
        'last-modified': 'Sat, 01 Jan 2000 00:00:00 GMT',
        'access-control-allow-origin': '*',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      });
      answer.end(method === 'HEAD' ? undefined : body);
    } catch {
      answer.writeHead(404, { 'access-control-allow-origin': '*' }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
