import { expect, test } from 'vitest';
import { HUB_TOKEN } from '../testing/hub-route.js';
import { quick, temporaryHub } from '../testing/temporary-hub.js';
import { hubClient, isTransient } from './hub-client.js';

const t = temporaryHub();
const client = (timing = quick) => hubClient({ endpoint: t.hub.endpoint, token: HUB_TOKEN, timing });
const info = () => `${t.hub.endpoint}/api/models/org/name/revision/main`;

test('the token replaces what the caller sent, at the hub’s own origin', async () => {
  t.hub.add('org/name', {});
  const fetch = client().fetchFor('org/name');
  await (await fetch(info(), { headers: { authorization: 'Bearer placeholder' } })).json();
  expect(t.hub.requests.at(-1)?.authorization).toBe(`Bearer ${HUB_TOKEN}`);
  const elsewhere = t.hub.endpoint.replace('127.0.0.1', 'localhost');
  await expect(fetch(`${elsewhere}/x`, { headers: { authorization: 'Bearer placeholder' } })).rejects.toThrow(
    'HTTP 404',
  );
  expect(t.hub.requests.at(-1)?.authorization).toBeUndefined();
});

test('a post is not repeated, a get is', async () => {
  t.hub.fault({ request: /./, status: 503, times: 99 });
  const fetch = client().fetchFor('org/name', 'org/name@main');
  await expect(fetch(info(), { method: 'POST' })).rejects.toThrow(
    'org/name@main: expected an answer, got HTTP 503',
  );
  expect(t.hub.requests).toHaveLength(1);
  await expect(fetch(info())).rejects.toThrow('HTTP 503');
  expect(t.hub.requests).toHaveLength(4);
});

test('no answer within the silence is a failure of the connection', async () => {
  t.hub.fault({ request: /./, noAnswer: true, times: 99 });
  const impatient = hubClient({
    endpoint: t.hub.endpoint,
    token: undefined,
    timing: { ...quick, silence: 20 },
  });
  const failure = await impatient
    .fetchFor('org/name')(info())
    .catch((error: unknown) => error);
  expect(isTransient(failure)).toBe(true);
  expect(String(failure)).toContain('no answer in 20 ms');
});

test('both signals stop it, while it waits too, with their reasons', async () => {
  t.hub.fault({ request: /./, status: 503, times: 99 });
  for (const which of [0, 1]) {
    const controls = [new AbortController(), new AbortController()];
    const patient = { ...quick, firstDelay: 60_000, longestDelay: 60_000 };
    const stoppable = hubClient({
      endpoint: t.hub.endpoint,
      token: undefined,
      timing: patient,
      signal: controls[0]!.signal,
    }).stoppedBy(controls[1]!.signal);
    const answer = stoppable.fetchFor('org/name')(info());
    setTimeout(() => controls[which]!.abort(new Error(`stopped ${which}`)), 50);
    await expect(answer).rejects.toThrow(`stopped ${which}`);
  }
});
