import { afterEach, expect, test, vi } from 'vitest';
import * as node from '../node/index.js';
import * as page from './in-place-of-node.js';

afterEach(() => vi.unstubAllGlobals());

/** Answers every request with its own address. */
function echo() {
  const asked: string[] = [];
  const headers: (string | null)[] = [];
  vi.stubGlobal('location', { href: 'https://page.test/app/' });
  vi.stubGlobal('fetch', async (input: string, init: RequestInit) => {
    asked.push(`${init.method ?? 'GET'} ${input}`);
    headers.push(new Headers(init.headers).get('authorization'));
    return new Response(init.method === 'HEAD' ? null : input, { headers: { etag: '"1"' } });
  });
  return { asked, headers };
}

test('has the names of @rag/models/node', () => {
  expect(Object.keys(page).sort()).toEqual(Object.keys(node).sort());
});

test.each([
  ['https://host.test/m', 'https://host.test/m/config.json'],
  ['./model', 'https://page.test/app/model/config.json'],
  ['../model/', 'https://page.test/model/config.json'],
  ['/model', 'https://page.test/model/config.json'],
  ['org/name', 'https://huggingface.co/org/name/resolve/main/config.json'],
])('%s is %s', async (given, url) => {
  const { asked } = echo();
  const source = await page.openHubOrDirectory(given);
  expect(new TextDecoder().decode(await source.read('config.json', 0, url.length))).toBe(url);
  expect(asked).toEqual([`HEAD ${url}`, `GET ${url}`]);
});

test('a mirror, a revision, a token and progress are those of Node', async () => {
  const { asked, headers } = echo();
  const progress: unknown[] = [];
  const source = await page.openHubOrDirectory('org/name', {
    endpoint: 'https://mirror.test/',
    revision: 'refs/pr/1',
    token: 'secret',
    onProgress: (event) => progress.push(event),
  });
  await source.read('config.json', 0, 1);
  expect(asked[0]).toBe('HEAD https://mirror.test/org/name/resolve/refs%2Fpr%2F1/config.json');
  expect(headers).toEqual(['Bearer secret', 'Bearer secret']);
  expect(progress).toEqual([{ path: 'config.json', loaded: 62, size: 62, allLoaded: 62, allSize: 62 }]);
});

test('what a page does not have is said', async () => {
  echo();
  await expect(page.openHubOrDirectory('no such/na me')).rejects.toThrow('expected a URL');
  await expect(page.openHubOrDirectory('./m', { revision: 'x' })).rejects.toThrow(
    'revision: expected a model',
  );
  await expect(page.openHubOrDirectory('org/name', { offline: true })).rejects.toThrow(
    'offline: expected Node, got a page and true',
  );
  await expect(page.saveCheckpoint()).rejects.toThrow(
    'saveCheckpoint: expected Node, got a page, which has no directories — take the files in memory: `await model.files()`',
  );
});
