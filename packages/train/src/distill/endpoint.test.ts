import { afterEach, expect, test } from 'vitest';
import { serveTeacher, stillClock, type TeacherServer } from '../testing/teacher-server.js';
import { openEndpoint } from './endpoint.js';
import { EndpointError } from './endpoint-error.js';
import { secretOf } from './secret.js';

let server: TeacherServer | undefined;
afterEach(() => server?.close());
const key = 'sk-a/b"c%41';
const body = { messages: [{ role: 'user', content: 'a question' }] };
const { signal } = new AbortController();

async function failing(...faults: Parameters<TeacherServer['fail']>) {
  server = await serveTeacher();
  server.fail(...faults);
  const still = stillClock();
  const endpoint = openEndpoint({
    endpoint: `${server.url}/`,
    secret: secretOf('KEY', key),
    clock: still.clock,
  });
  const error = () =>
    endpoint.post('chat/completions', body, signal).then(
      () => {
        throw new Error('there was an answer');
      },
      (reason: unknown) => reason as EndpointError,
    );
  return { endpoint, error, ...still };
}

test('an answer, and the key in its header alone', async () => {
  const { endpoint } = await failing();
  expect(await endpoint.post('chat/completions', body, signal)).toHaveProperty('choices');
  expect(server?.requests).toEqual([{ route: 'chat/completions', body, authorization: `Bearer ${key}` }]);
  expect(endpoint.name).toBe(server?.url);
});

test.each([
  [429, 'busy'],
  [500, 'busy'],
  [503, 'busy'],
  [400, 'pair'],
  [413, 'pair'],
  [401, 'fatal'],
  [404, 'fatal'],
  [302, 'fatal'],
])('status %d is %s, and not charged for', async (status, failure) => {
  const { error } = await failing({
    status,
    headers: { location: 'http://127.0.0.1:1/' },
    body: 'why\n not',
  });
  expect(await error()).toMatchObject({
    failure,
    status,
    isBilled: false,
    message: `${server?.url}/chat/completions: expected status 200, got ${status} (why not)`,
  });
});

test('Retry-After in seconds and as a date', async () => {
  const date = new Date(Date.UTC(2026, 0, 1, 0, 1)).toUTCString();
  const { error } = await failing(
    { status: 429, headers: { 'retry-after': '7' } },
    { status: 503, headers: { 'retry-after': date } },
    { status: 503, headers: { 'retry-after': 'soon' } },
  );
  expect([await error(), await error(), await error()].map(({ retryAfter }) => retryAfter)).toEqual([
    7_000,
    60_000,
    undefined,
  ]);
});

test.each([
  ['no-answer' as const, /expected a complete answer, got /],
  ['cut' as const, /expected a complete answer, got /],
  [{ body: '<html>' }, /expected a JSON object, got <html>/],
  [{ body: '[1]' }, /expected a JSON object, got \[1\]/],
  [{ body: '' }, /expected a JSON object, got nothing/],
])('what breaks, %j, may have been charged for', async (fault, message) => {
  const { error } = await failing(fault);
  const found = await error();
  expect(found).toBeInstanceOf(EndpointError);
  expect(found).toMatchObject({ failure: 'busy', isBilled: true });
  expect(found.message).toMatch(message);
});

test('a server that is silent is given up at the deadline', async () => {
  const { error, passDeadlines } = await failing('silent');
  const late = error();
  await server?.silence;
  passDeadlines();
  expect(await late).toMatchObject({ failure: 'busy', isBilled: true });
  expect((await late).message).toContain('got none in 120 s');
});

test('nobody there is not charged for', async () => {
  const { error } = await failing();
  await server?.close();
  expect(await error()).toMatchObject({ failure: 'busy', isBilled: false });
});

test('a stop of the caller is its own reason', async () => {
  const { endpoint } = await failing('silent');
  const stop = new AbortController();
  const asked = endpoint.post('chat/completions', body, stop.signal);
  await server?.silence;
  stop.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
});

test('the key is in no error, however the server spells it and wherever it is cut', async () => {
  const spellings = [key, JSON.stringify(key), encodeURIComponent(key)];
  for (const spelling of spellings) {
    for (const pad of ['', 'x'.repeat(190)]) {
      const { error } = await failing(
        { status: 401, body: `${pad}Bearer ${spelling}` },
        { body: `${pad} ${spelling}` },
      );
      for (const found of [await error(), await error()]) {
        expect(JSON.stringify([found.message, found.stack, found.cause])).not.toMatch(/sk-a|a\/b|a%2Fb/);
        expect(found.cause).toBeUndefined();
      }
      await server?.close();
    }
  }
});

test('addresses that are none, or hold a password, which is not repeated', () => {
  for (const endpoint of ['localhost:8000', 'nowhere', 'file:///a', 'http://me:hunter2@host/v1']) {
    expect(() => openEndpoint({ endpoint })).toThrow(/^--endpoint: expected an address/);
    expect(() => openEndpoint({ endpoint })).not.toThrow(/hunter2/);
  }
});
