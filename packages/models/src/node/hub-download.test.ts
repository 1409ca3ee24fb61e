import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { quick, temporaryHub } from '../testing/temporary-hub.js';
import type { HubProgress } from './hub-environment.js';
import type { HubError } from './hub-error.js';
import { claimPartial } from './hub-partial.js';
import { hubSource } from './hub-source.js';

const t = temporaryHub();
const weights = new Uint8Array(30_000).map((_, i) => i * 31);
const blobs = () => join(t.cacheDir, 'models--org--name', 'blobs');
const open = (more: object = {}) =>
  hubSource('org/name', { ...t.options, files: ['model.safetensors'], ...more });
const ranges = () => t.hub.requests.filter(({ line }) => /cdn/.test(line)).map(({ range }) => range);

beforeEach(() => {
  t.hub.add('org/name', { 'config.json': '{}', 'model.safetensors': weights });
});

async function expectWhole(): Promise<void> {
  const source = await open();
  expect(await source.read('model.safetensors', 0, weights.length)).toEqual(weights);
  expect((await readdir(blobs())).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
}

test('a cut connection is gone on with from its last byte', async () => {
  t.hub.fault({ request: /GET cdn/, cutAfter: 10_000, times: 2 });
  await expectWhole();
  expect(ranges()).toEqual([undefined, 'bytes=10000-', 'bytes=20000-']);
});

test('where cutting never ends, the error says that calling again goes on, and it does', async () => {
  t.hub.fault({ request: /GET cdn/, cutAfter: 5000 });
  t.hub.fault({ request: /GET cdn/, cutAfter: 0, times: 3 });
  const failure = (await open().catch((error: unknown) => error)) as HubError;
  expect(failure).toMatchObject({ reason: 'network' });
  expect(failure.message).toMatch(
    /^org\/name@[0-9a-f]{7}\/model\.safetensors: expected an answer from .* call again: what has arrived is kept$/,
  );
  expect(`${failure.message} ${failure.url}`).not.toContain('secret');
  t.hub.requests.length = 0;
  await expectWhole();
  expect(ranges()).toEqual(['bytes=5000-']);
});

test('damage in what was left by an earlier attempt is found and repaired', async () => {
  const { sha256 } = t.hub.models.get('org/name')!.commits[0]!.files.get('model.safetensors')!;
  await mkdir(blobs(), { recursive: true });
  const left = weights.slice(0, 12_000);
  left[5]! ^= 1;
  await writeFile(await claimPartial(join(blobs(), sha256!)), left);
  await expectWhole();
  expect(ranges()).toEqual(['bytes=12000-', undefined]);
});

test('more than the file has, left by an earlier attempt, is thrown away', async () => {
  const { sha256 } = t.hub.models.get('org/name')!.commits[0]!.files.get('model.safetensors')!;
  await mkdir(blobs(), { recursive: true });
  await writeFile(await claimPartial(join(blobs(), sha256!)), new Uint8Array(40_000));
  await expectWhole();
  expect(ranges()).toEqual([undefined]);
});

test('a server without ranges is read from the beginning', async () => {
  t.hub.fault({ request: /GET cdn/, cutAfter: 10_000 });
  t.hub.fault({ request: /GET cdn/, noRange: true });
  await expectWhole();
});

test('a connection that falls silent counts as cut', async () => {
  t.hub.fault({ request: /GET cdn/, hangAfter: 1000 });
  // Time passes when the bytes have arrived, not as the machine has time.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let isSilent = false;
  const onProgress = ({ loaded }: HubProgress) => {
    if (loaded !== 1000 || isSilent) return;
    isSilent = true;
    setImmediate(() => vi.advanceTimersByTime(quick.silence));
  };
  try {
    await open({ onProgress });
  } finally {
    vi.useRealTimers();
  }
  expect(ranges()).toEqual([undefined, 'bytes=1000-']);
  await expectWhole();
});

test('5xx and "too many requests" are tried again, with a fresh signed address after 403 of the storage', async () => {
  t.hub.fault({ request: /GET hub .*tree/, status: 503 });
  t.hub.fault({ request: /GET hub .*revision/, status: 429, headers: { 'retry-after': '0' } });
  t.hub.fault({ request: /GET cdn/, status: 403 });
  t.hub.fault({ request: /GET cdn/, status: 500 });
  await expectWhole();
  // 503 of the tree, 429 of the revision: once more each.
  expect(t.hub.lines(/tree|revision/)).toHaveLength(4);
  expect(t.hub.lines(/resolve/)).toHaveLength(2);
});

test('a hub that stays broken is an error with its status', async () => {
  t.hub.fault({ request: /GET hub .*tree/, status: 502, times: 99 });
  await expect(open()).rejects.toThrow(
    /expected an answer, got HTTP 502 from http.* — the hub has a problem: call again later/,
  );
  expect(t.hub.lines(/tree/)).toHaveLength(3);
});

test.each([
  [
    'longer',
    (body: Uint8Array) => new Uint8Array([...body, 0]),
    {},
    /expected 30000 bytes .*, got 30001 — .* serves another version/,
  ],
  [
    'shorter',
    () => new TextEncoder().encode('version https://git-lfs'),
    {},
    /expected 30000 bytes .*, got 23 — .* the Git LFS pointer/,
  ],
  [
    'other bytes',
    (body: Uint8Array) => body.map((byte) => byte ^ 1),
    {},
    /expected content with the checksum [0-9a-f]{64}, got other bytes/,
  ],
] as const)('content that is %s is refused and not kept', async (_, body, headers, message) => {
  t.hub.fault({ request: /GET cdn/, body, headers, times: 9 });
  await expect(open()).rejects.toThrow(message);
  expect(await readdir(blobs())).toEqual([]);
  await expect(open({ offline: true })).rejects.toMatchObject({ reason: 'offline' });
});

test.each([
  ['x-linked-size', '29999', /expected the size 30000 that the hub listed, got 29999/],
  ['x-linked-etag', `"${'a'.repeat(64)}"`, /expected the ETag [0-9a-f]{64} that the hub listed, got a{64}/],
  ['x-repo-commit', 'b'.repeat(40), /expected the commit [0-9a-f]{40} that the hub listed, got b{40}/],
])('a hub that contradicts its listing in %s is refused', async (header, value, message) => {
  t.hub.fault({ request: /GET hub .*resolve/, headers: { [header]: value } });
  await expect(open()).rejects.toThrow(message);
  expect(ranges()).toEqual([]);
});

test('a small file is checked by git’s checksum', async () => {
  t.hub.fault({ request: /config\.json/, body: (body) => body.map(() => 32) });
  await expect(open({ files: ['config.json'] })).rejects.toThrow(
    /config\.json: expected content with the checksum [0-9a-f]{40},/,
  );
  const source = await open({ files: ['config.json'] });
  expect(await readFile(join(source.directory, 'config.json'), 'utf8')).toBe('{}');
});

test('redirects that lead in a circle end', async () => {
  t.hub.fault({ request: /resolve/, headers: { location: 'model.safetensors' }, times: 99 });
  await expect(open()).rejects.toThrow('expected the file within 6 redirects, got none');
});

test('a signal stops a download with its reason, and what arrived is kept', async () => {
  t.hub.fault({ request: /GET cdn/, hangAfter: 7000 });
  const control = new AbortController();
  const stopped = open({
    signal: control.signal,
    onProgress: ({ loaded }: { loaded: number }) => loaded === 7000 && control.abort(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
  await expectWhole();
  expect(ranges()).toEqual([undefined, 'bytes=7000-']);
});
