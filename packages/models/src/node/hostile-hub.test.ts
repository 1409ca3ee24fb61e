import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileSourceError } from '../file-source.js';
import { campaign } from '../testing/campaign.js';
import { mutateBytes } from '../testing/mutate-bytes.js';
import { mutateJson } from '../testing/mutate-json.js';
import { pick, type Random, randomFrom } from '../testing/random.js';
import type { HubClient } from './hub-client.js';
import { downloadBlob, type RemoteFile } from './hub-download.js';
import { HubError } from './hub-error.js';
import { listRemoteFiles, resolveCommit } from './hub-repository.js';

const SEED = 20261121;
/** A long campaign takes minutes. */
const TIMEOUT = 3_600_000;
const COMMIT = 'c'.repeat(40);
const ENDPOINT = 'http://hub.test';

type Answer = (url: string, request: RequestInit | undefined) => Response;

/** A client whose hub answers so; it waits for nothing. */
const clientOf = (answer: Answer): HubClient => ({
  endpoint: ENDPOINT,
  timing: { retries: 2, firstDelay: 0, longestDelay: 0, silence: 10_000 },
  signal: undefined,
  fetchFor: () => async (input, init) => {
    const response = answer(String(input instanceof Request ? input.url : input), init);
    Object.defineProperty(response, 'url', { value: String(input) });
    return response;
  },
  stoppedBy: () => clientOf(answer),
  pause: async () => {},
});

const LISTING = JSON.stringify([
  { type: 'file', path: 'config.json', size: 5, oid: 'a'.repeat(40) },
  { type: 'directory', path: 'onnx', size: 0, oid: 'b'.repeat(40) },
  {
    type: 'file',
    path: 'onnx/model.onnx',
    size: 134,
    oid: 'b'.repeat(40),
    lfs: { oid: 'd'.repeat(64), size: 2 ** 40, pointerSize: 134 },
  },
]);
const PATHS = [
  '../x',
  '/etc/passwd',
  'a\u0000',
  '\u001b[2J',
  'a'.repeat(70_000),
  'C:\\x',
  '\ud800',
  '__proto__',
  '',
];
const LINKS = [
  `<${ENDPOINT}/next>; rel="next"`,
  '<x>; rel="next"',
  'rel="next"',
  '<http://[>; rel="next"',
  '<<>>;;',
];

test('listings of a hub', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'hub listing',
    seed: SEED,
    mutant(random) {
      const named = random(3) === 0;
      const path = JSON.stringify(pick(random, PATHS));
      const text = named ? LISTING.replace('"config.json"', path) : LISTING;
      return { text: random(3) === 0 ? text : mutateJson(text, random), link: random(6), random };
    },
    async open({ text, link, random }) {
      const headers: HeadersInit = link < LINKS.length && random(4) === 0 ? { link: LINKS[link]! } : {};
      const first = new Response(text, { headers });
      const answers = [first, new Response('[]')];
      const client = clientOf(() => answers.shift() ?? new Response('[]'));
      for (const file of await listRemoteFiles(client, 'org/name', COMMIT))
        expect(file.path).not.toMatch(/\.\.|\0/);
      await resolveCommit(
        clientOf(() => new Response(mutateJson(`{"sha":"${COMMIT}","id":"org/name"}`, random))),
        'org/name',
        'main',
      );
    },
    errors: [HubError, FileSourceError],
  });
  expect(report.read).toBeGreaterThan(5);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(8);
});

test('a listing whose pages never end is refused', { timeout: TIMEOUT }, async () => {
  const entry = { type: 'file', path: 'a', size: 1, oid: 'a'.repeat(40) };
  for (const page of [[], [entry]]) {
    let asked = 0;
    const client = clientOf(() => {
      asked += 1;
      return new Response(JSON.stringify(page), { headers: { link: `<${ENDPOINT}/more>; rel="next"` } });
    });
    await expect(listRemoteFiles(client, 'org/name', COMMIT)).rejects.toThrow(
      'got more than 1000 pages of files',
    );
    expect(asked).toBe(1000);
  }
});

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'hostile-hub-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const CONTENT = new TextEncoder().encode('hello');
/** git's name of it: `printf hello | git hash-object --stdin`. */
const FILE: RemoteFile = { path: 'config.json', size: 5, etag: 'b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0' };
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  location: ['/there', 'http://[', 'file:///etc/passwd', 'data:,hello', 'http://cdn.test/x', '', 'ftp://x/y'],
  'content-length': ['5', '4', '9999999999999', '-1', 'x'],
  'content-range': ['bytes 0-4/5', 'bytes 2-4/5', 'bytes 9-1/5', 'x', 'bytes 0-4/99', 'bytes 0-4/*'],
  'x-repo-commit': [COMMIT, '../x'],
  'x-linked-size': ['5', '6', 'NaN'],
  'x-linked-etag': [`"${FILE.etag}"`, '"../../x"', `W/"${'e'.repeat(40)}"`],
  etag: [`"${FILE.etag}"`, '""'],
};

function anyResponse(random: Random): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(HEADERS))
    if (random(5) === 0) headers.set(name, pick(random, values));
  const status = pick(random, [200, 200, 200, 206, 302, 307]);
  if (status >= 300 && random(4) > 0) headers.set('location', pick(random, HEADERS.location!));
  return new Response((random(3) === 0 ? mutateBytes(CONTENT, random) : CONTENT) as BodyInit, {
    status,
    headers,
  });
}

test('downloads from a hub', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'hub download',
    // Each is synced to the disk.
    files: process.env.RAG_LONG ? 10_000 : 100,
    seed: SEED,
    mutant: (random) => random(2 ** 30),
    async open(seed) {
      const random = randomFrom(seed);
      const asked: string[] = [];
      const client = clientOf((url) => {
        asked.push(url);
        return anyResponse(random);
      });
      const location = { id: 'org/name', commit: COMMIT, blob: join(cache, 'blobs', FILE.etag) };
      try {
        await downloadBlob(client, location, FILE);
        expect(await readdir(join(cache, 'blobs'))).toEqual([FILE.etag]);
      } finally {
        expect(asked.every((url) => /^https?:/.test(url))).toBe(true);
        expect(await readdir(cache)).toEqual(['blobs']);
        await rm(join(cache, 'blobs'), { recursive: true });
      }
    },
    errors: [HubError, FileSourceError],
  });
  expect(report.read).toBeGreaterThan(5);
  expect(report.refused).toBeGreaterThan(30);
  expect(report.reasons.size).toBeGreaterThan(8);
});
