import { expect, test } from 'vitest';
import { HUB_TOKEN } from '../testing/hub-route.js';
import { temporaryHub } from '../testing/temporary-hub.js';
import { hubErrorOf } from './hub-error.js';
import { hubSource } from './hub-source.js';

const t = temporaryHub();
const files = { 'config.json': '{}' };

test.each([
  [
    'org/none',
    {},
    false,
    'unauthorized',
    /^org\/none@main: expected a model of this name, got HTTP 401 .* if it is private, pass token or set HF_TOKEN/,
  ],
  ['org/none', {}, HUB_TOKEN, 'not-found', /got HTTP 404 .* check the spelling, and that the token belongs/],
  ['org/name', { private: true }, false, 'unauthorized', /expected a model of this name, got HTTP 401/],
  [
    'org/name',
    {},
    'hf_wrong',
    'unauthorized',
    /expected a token that is valid, got HTTP 401 \(Invalid credentials/,
  ],
  [
    'org/name',
    { gated: true },
    false,
    'gated',
    /expected access to a gated model, got HTTP 401 .* accept its conditions at http:\/\/.*\/org\/name, then pass a token of that account \(token, HF_TOKEN\)/,
  ],
  ['org/name', { gated: true }, HUB_TOKEN, 'gated', /got HTTP 403 .* the one that was sent has no access/],
] as const)('%s %j with token %s', async (id, access, token, reason, message) => {
  t.hub.add('org/name', files, access);
  const failure = await hubSource(id, { ...t.options, token }).catch((error: unknown) => error as Error);
  expect(failure).toMatchObject({ name: 'HubError', reason });
  expect((failure as Error).message).toMatch(message);
  expect((failure as Error).message).not.toContain('hf_');
});

test('a revision that is not there', async () => {
  t.hub.add('org/name', files);
  await expect(hubSource('org/name', { ...t.options, revision: 'v9' })).rejects.toThrow(
    /^org\/name@v9: expected a revision of this name, got HTTP 404 \(Invalid rev id: v9\) .* name a branch, a tag or a commit/,
  );
});

test.each([
  [404, 'not-found', 'check the name, and that https://hub is a hub (HF_ENDPOINT)'],
  [403, 'forbidden', 'use a token with the right'],
  [429, 'busy', 'too many requests'],
  [500, 'server', 'call again later'],
  [400, 'refused', 'the hub refused the request'],
])('HTTP %i', (status, reason, advice) => {
  const context = { where: 'org/name', id: 'org/name', endpoint: 'https://hub', hasToken: false };
  const error = hubErrorOf(new Response('', { status }), context);
  expect(error).toMatchObject({ status, reason });
  expect(error.message).toContain(advice);
});
