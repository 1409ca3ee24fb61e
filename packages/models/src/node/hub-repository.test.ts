import { expect, test } from 'vitest';
import { quick, temporaryHub } from '../testing/temporary-hub.js';
import { hubClient } from './hub-client.js';
import { listRemoteFiles, resolveCommit } from './hub-repository.js';

const t = temporaryHub();
const client = () => hubClient({ endpoint: t.hub.endpoint, token: undefined, timing: quick });

test('a listing of several pages: sizes of contents, names of blobs', async () => {
  const names = Array.from({ length: 11 }, (_, i) => `f${i}.txt`);
  const commit = t.hub.add('org/name', {
    ...Object.fromEntries(names.map((name) => [name, name])),
    'sub/model.safetensors': new Uint8Array(2000),
  });
  expect(await resolveCommit(client(), 'org/name', 'main')).toBe(commit);
  const files = await listRemoteFiles(client(), 'org/name', commit);
  expect(files.map(({ path }) => path).sort()).toEqual([...names, 'sub/model.safetensors'].sort());
  expect(files.find(({ path }) => path === 'f0.txt')).toEqual({
    path: 'f0.txt',
    size: 6,
    etag: 'b8801d811e7486eb570652f2861fcca04f8ecd58',
  });
  const held = files.find(({ path }) => path.startsWith('sub'))!;
  expect([held.size, held.etag.length]).toEqual([2000, 64]);
  expect(t.hub.lines(/tree/).length).toBeGreaterThan(2);
});

test('a listing is hostile input', async () => {
  const commit = t.hub.add('org/name', { '../x': '' });
  await expect(listRemoteFiles(client(), 'org/name', commit)).rejects.toThrow('expected a relative path');
  const entry = { type: 'file', path: 'a', size: 1, oid: '../../etc/passwd' };
  const tree = (value: unknown) => {
    const body = new TextEncoder().encode(JSON.stringify(value));
    t.hub.fault({ request: /tree/, body: () => body, headers: { link: '' } });
  };
  tree([entry]);
  await expect(listRemoteFiles(client(), 'org/name', commit)).rejects.toThrow(
    'a: expected an answer of a hub, got checksum "../../etc/passwd" and size 1',
  );
  tree([{ ...entry, oid: 'a'.repeat(40), size: -1 }]);
  await expect(listRemoteFiles(client(), 'org/name', commit)).rejects.toThrow('and size -1');
  tree([{ ...entry, path: undefined }]);
  await expect(listRemoteFiles(client(), 'org/name', commit)).rejects.toThrow('expected an answer of a hub');
  tree({ not: 'a list' });
  await expect(listRemoteFiles(client(), 'org/name', commit)).rejects.toThrow('expected an answer of a hub');
});

test.each(['<html>log in</html>', '{"sha":"../x"}', '{}'])('%s is no answer of a hub', async (body) => {
  t.hub.add('org/name', {});
  t.hub.fault({ request: /revision/, body: () => new TextEncoder().encode(body) });
  await expect(resolveCommit(client(), 'org/name', 'main')).rejects.toThrow(
    /org\/name@main: expected an answer of a hub, got .* — check HF_ENDPOINT/,
  );
});
