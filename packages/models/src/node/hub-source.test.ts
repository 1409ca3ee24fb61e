import { lstat, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readText } from '../file-source.js';
import { HUB_TOKEN } from '../testing/hub-route.js';
import { startHubServer } from '../testing/hub-server.js';
import { temporaryHub } from '../testing/temporary-hub.js';
import type { HubProgress } from './hub-environment.js';
import { HubError } from './hub-error.js';
import { hubSource } from './hub-source.js';

const t = temporaryHub();
const weights = new Uint8Array(3000).map((_, i) => i * 7);
const files = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': '{"model":{}}',
  'README.md': '# a model',
  'model.safetensors': weights,
  'pytorch_model.bin': new Uint8Array(2000),
  'onnx/model.onnx': new Uint8Array(1000),
  'modules.json': '[]',
  '1_Pooling/config.json': '{}',
};

test('fetches what opening reads, into the layout that Python shares, and no more', async () => {
  const commit = t.hub.add('org/name', files);
  const source = await hubSource('org/name', t.options);
  expect(source.commit).toBe(commit);
  expect(t.hub.lines(/resolve/).sort()).toEqual(
    ['1_Pooling/config.json', 'config.json', 'model.safetensors', 'modules.json', 'tokenizer.json'].map(
      (path) => `GET hub /org/name/resolve/${commit}/${path}`,
    ),
  );
  const folder = join(t.cacheDir, 'models--org--name');
  expect((await readdir(folder)).sort()).toEqual(['blobs', 'refs', 'snapshots']);
  expect(await readFile(join(folder, 'refs', 'main'), 'utf8')).toBe(commit);
  expect(source.directory).toBe(join(folder, 'snapshots', commit));
  const held = t.hub.models.get('org/name')!.commits[0]!.files;
  const { sha256 } = held.get('model.safetensors')!;
  const { oid } = held.get('1_Pooling/config.json')!;
  if (process.platform !== 'win32') {
    expect(await readlink(join(source.directory, 'model.safetensors'))).toBe(
      join('..', '..', 'blobs', sha256!),
    );
    expect(await readlink(join(source.directory, '1_Pooling', 'config.json'))).toBe(
      join('..', '..', '..', 'blobs', oid),
    );
  }
  expect((await readdir(join(folder, 'blobs'))).filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual([]);

  expect(await source.list()).toEqual(
    Object.keys(files)
      .filter((path) => !path.includes('/'))
      .sort(),
  );
  expect(await source.list('1_Pooling')).toEqual(['config.json']);
  expect(await source.read('model.safetensors', 1, 3)).toEqual(weights.slice(1, 4));
  expect(await source.localPath('model.safetensors')).toBe(join(folder, 'blobs', sha256!));
});

test('what is in the cache is not fetched again; another file comes when it is read', async () => {
  t.hub.add('org/name', files);
  await hubSource('org/name', t.options);
  const before = t.hub.lines(/resolve|cdn/).length;
  const source = await hubSource('org/name', t.options);
  expect(t.hub.lines(/resolve|cdn/)).toHaveLength(before);
  expect(await source.size('README.md')).toBe(9);
  expect(t.hub.lines(/README/)).toEqual([]);
  expect(await readText(source, 'README.md')).toBe('# a model');
  expect(t.hub.lines(/README/)).toHaveLength(1);
  await expect(source.read('none.txt', 0, 1)).rejects.toThrow(
    /none\.txt: expected a file of the model, got none/,
  );
  await expect(source.list('none')).rejects.toThrow('org/name/none: expected a folder, got none');
  await expect(source.size('../config.json')).rejects.toThrow('expected a relative path');
});

test('a new commit brings only what changed; revisions by tag and by commit', async () => {
  const first = t.hub.add('org/name', files, { names: ['v1', 'refs/pr/1'] });
  await hubSource('org/name', t.options);
  const second = t.hub.add('org/name', { ...files, 'config.json': '{"model_type":"roberta"}' });
  t.hub.requests.length = 0;
  const source = await hubSource('org/name', t.options);
  expect(source.commit).toBe(second);
  expect(t.hub.lines(/resolve/)).toEqual([`GET hub /org/name/resolve/${second}/config.json`]);
  expect(await readText(source, 'config.json')).toContain('roberta');

  const tagged = await hubSource('org/name', { ...t.options, revision: 'v1' });
  expect(await readText(tagged, 'config.json')).toContain('"bert"');
  expect((await hubSource('org/name', { ...t.options, revision: 'refs/pr/1' })).commit).toBe(first);
  t.hub.requests.length = 0;
  expect((await hubSource('org/name', { ...t.options, revision: first })).commit).toBe(first);
  expect(t.hub.lines(/revision/)).toEqual([]);
  const refs = join(t.cacheDir, 'models--org--name', 'refs');
  expect((await readdir(refs)).sort()).toEqual(['main', 'refs', 'v1']);
  expect(await readFile(join(refs, 'refs', 'pr', '1'), 'utf8')).toBe(first);
});

test('shards by their index, a hostile index is refused', async () => {
  const index = (...shards: string[]) =>
    JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, i) => [`t${i}`, shard])) });
  const shard = (i: number) => `model-0000${i}-of-00002.safetensors`;
  const sharded = {
    'config.json': '{}',
    [shard(1)]: weights,
    [shard(2)]: weights.slice(1),
    'extra.safetensors': '',
  };
  t.hub.add('org/sharded', {
    ...sharded,
    'model.safetensors.index.json': index(shard(1), shard(2), shard(1)),
  });
  const source = await hubSource('org/sharded', t.options);
  expect((await readdir(source.directory)).sort()).toEqual(
    ['config.json', shard(1), shard(2), 'model.safetensors.index.json'].sort(),
  );
  t.hub.add('org/hostile', { ...sharded, 'model.safetensors.index.json': index('../../secret') });
  await expect(hubSource('org/hostile', t.options)).rejects.toThrow(
    'model.safetensors.index.json: expected files of the model in "weight_map", got "../../secret"',
  );
});

test('progress counts bytes of the files that are fetched', async () => {
  t.hub.add('org/name', files);
  const events: HubProgress[] = [];
  await hubSource('org/name', { ...t.options, onProgress: (event) => events.push(event) });
  const total = 3000 + 21 + 12 + 2 + 2;
  expect(events.at(-1)).toMatchObject({ allLoaded: total, allSize: total });
  expect(events.every(({ allLoaded }, i) => allLoaded >= (events[i - 1]?.allLoaded ?? 0))).toBe(true);
  expect(events.filter(({ path }) => path === 'model.safetensors').at(-1)).toMatchObject({
    loaded: 3000,
    size: 3000,
  });
  events.length = 0;
  await hubSource('org/name', { ...t.options, onProgress: (event) => events.push(event) });
  expect(events).toEqual([]);
});

test('offline: the cache by branch, tag and commit, without a request; what it lacks is an error', async () => {
  const first = t.hub.add('org/name', files, { names: ['v1'] });
  await hubSource('org/name', t.options);
  t.hub.requests.length = 0;
  const offline = { ...t.options, offline: true };
  for (const revision of ['main', first]) {
    const source = await hubSource('org/name', { ...offline, revision });
    expect(source.commit).toBe(first);
    expect(await source.list()).toContain('model.safetensors');
    expect(await source.list()).not.toContain('README.md');
  }
  await expect(hubSource('org/name', { ...offline, revision: 'v1' })).rejects.toThrow(
    /org\/name@v1: expected it in the cache .* since offline is asked for .* got no such revision there/,
  );
  await expect(hubSource('org/other', offline)).rejects.toMatchObject({ reason: 'offline' });
  await writeFile(join(t.cacheDir, 'models--org--name', 'refs', 'main'), 'rubbish');
  await expect(hubSource('org/name', offline)).rejects.toThrow(
    'expected a commit of 40 hexadecimal digits, got "rubbish"',
  );
  expect(t.hub.requests).toEqual([]);
});

test('a hub that cannot be reached is an error, which names the cached revision where there is one', async () => {
  t.hub.add('org/name', files);
  const closed = await startHubServer();
  await closed.close();
  const gone = { ...t.options, endpoint: closed.endpoint };
  await expect(hubSource('org/name', gone)).rejects.toThrow(
    /org\/name@main: expected an answer from 127\.0\.0\.1:\d+, got fetch failed \(ECONNREFUSED\) — check the connection/,
  );
  const { commit } = await hubSource('org/name', t.options);
  await expect(hubSource('org/name', gone)).rejects.toThrow(`the cache has commit ${commit}: offline: true`);
});

test('a model that was cut off is not a revision of the cache until it is whole', async () => {
  t.hub.add('org/name', files);
  t.hub.fault({ request: /cdn/, status: 404 });
  await expect(hubSource('org/name', t.options)).rejects.toThrow(HubError);
  await expect(hubSource('org/name', { ...t.options, offline: true })).rejects.toMatchObject({
    reason: 'offline',
  });
});

test('a cached file of another size than the hub says is fetched again', async () => {
  t.hub.add('org/name', files);
  const source = await hubSource('org/name', t.options);
  const blob = await source.localPath('model.safetensors');
  await writeFile(blob, weights.slice(0, 10));
  const again = await hubSource('org/name', t.options);
  expect(await again.read('model.safetensors', 0, 3000)).toEqual(weights);
});

test('a private model with the token, which goes to the hub and not to the CDN', async () => {
  t.hub.add('org/name', files, { private: true });
  await hubSource('org/name', { ...t.options, token: HUB_TOKEN });
  const sent = (where: RegExp) =>
    new Set(t.hub.requests.filter(({ line }) => where.test(line)).map(({ authorization }) => authorization));
  expect(sent(/ hub /)).toEqual(new Set([`Bearer ${HUB_TOKEN}`]));
  expect(sent(/ cdn /)).toEqual(new Set([undefined]));
});

test('two at once fetch each file once', async () => {
  t.hub.add('org/name', files);
  const [a, b] = await Promise.all([hubSource('org/name', t.options), hubSource('org/name', t.options)]);
  expect(t.hub.lines(/cdn/)).toHaveLength(1);
  expect(await a.read('model.safetensors', 0, 3000)).toEqual(await b.read('model.safetensors', 0, 3000));
  expect((await lstat(await a.localPath('model.safetensors'))).isFile()).toBe(true);
});

test('what is no id or revision is refused before any request', async () => {
  for (const id of ['../name', 'a/b/c', 'org/', 'a--b/c', '/abs'])
    await expect(hubSource(id, t.options)).rejects.toThrow(/^id: expected the name of a model of the hub/);
  for (const revision of ['../../x', '/x', ''])
    await expect(hubSource('org/name', { ...t.options, revision })).rejects.toThrow(
      /^revision: expected a branch/,
    );
  expect(t.hub.requests).toEqual([]);
});
