import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { HUB_TOKEN } from '../testing/hub-route.js';
import { quick, temporaryHub } from '../testing/temporary-hub.js';
import { hubSource } from './hub-source.js';
import { pushToHub } from './push-to-hub.js';

const t = temporaryHub();
const weights = new Uint8Array(9000).map((_, i) => i * 13);
let directory: string;
const options = () => ({ endpoint: t.hub.endpoint, token: HUB_TOKEN, timing: quick });

beforeEach(async () => {
  directory = join(t.root, 'model');
  await mkdir(join(directory, '1_Pooling'), { recursive: true });
  await mkdir(join(directory, '.git'));
  await writeFile(join(directory, '.git', 'HEAD'), 'hidden');
  await writeFile(join(directory, 'config.json'), '{"model_type":"bert"}');
  await writeFile(join(directory, '1_Pooling', 'config.json'), '{}');
  await writeFile(join(directory, 'tokenizer.json'), ' '.repeat(2000));
  await writeFile(join(directory, 'model.safetensors'), weights);
});

const filesOnHub = (id = 'me/mine') => {
  const files = t.hub.models.get(id)!.commits.at(-1)!.files;
  return Object.fromEntries([...files].map(([path, { content }]) => [path, content.length]));
};

test('a directory becomes one commit: small files in it, large ones in one piece and in parts', async () => {
  const events: string[] = [];
  const pushed = await pushToHub(directory, 'me/mine', {
    ...options(),
    private: true,
    onProgress: ({ path, state }) => events.push(`${state} ${path}`),
  });
  expect(filesOnHub()).toEqual({
    '1_Pooling/config.json': 2,
    'config.json': 21,
    'model.safetensors': 9000,
    'tokenizer.json': 2000,
  });
  const model = t.hub.models.get('me/mine')!;
  expect(model.private).toBe(true);
  expect(pushed).toEqual({
    commit: model.commits[0]!.id,
    url: `${t.hub.endpoint}/me/mine/commit/${model.commits[0]!.id}`,
  });
  expect(t.hub.lines(/PUT cdn/)).toHaveLength(6);
  expect(t.hub.lines(/commit/)).toHaveLength(1);
  expect(
    new Set(t.hub.requests.filter(({ line }) => /cdn/.test(line)).map((one) => one.authorization)),
  ).toEqual(new Set([undefined]));
  expect(events).toContain('uploading model.safetensors');

  const source = await hubSource('me/mine', { ...t.options, token: HUB_TOKEN });
  expect(await source.read('model.safetensors', 0, 9000)).toEqual(weights);
});

test('again: what the hub has is not uploaded, files it alone has stay; a snapshot of links can be pushed', async () => {
  await pushToHub(directory, 'me/mine', options());
  t.hub.requests.length = 0;
  const linked = join(t.root, 'linked');
  await mkdir(linked);
  await symlink(join(directory, 'model.safetensors'), join(linked, 'model.safetensors'), 'file');
  await writeFile(join(linked, 'README.md'), '# new');
  await pushToHub(linked, 'me/mine', options());
  expect(t.hub.lines(/PUT/)).toEqual([]);
  expect(Object.keys(filesOnHub()).sort()).toEqual(
    ['1_Pooling/config.json', 'README.md', 'config.json', 'model.safetensors', 'tokenizer.json'].sort(),
  );
});

test('a choice of files, a branch, a pull request', async () => {
  const pushed = await pushToHub(directory, 'me/mine', {
    ...options(),
    revision: 'next',
    createPullRequest: true,
    filter: (path) => path.endsWith('config.json'),
  });
  expect(pushed.pullRequestUrl).toBe(`${t.hub.endpoint}/me/mine/discussions/1`);
  expect(t.hub.models.get('me/mine')!.commits[0]!.names).toEqual(['next']);
  expect(Object.keys(filesOnHub()).sort()).toEqual(['1_Pooling/config.json', 'config.json']);
});

test('an upload that fails leaves the model as it was', async () => {
  t.hub.fault({ request: /PUT cdn/, status: 500, times: 99 });
  await expect(pushToHub(directory, 'me/mine', options())).rejects.toMatchObject({
    reason: 'server',
    status: 500,
  });
  expect(t.hub.models.get('me/mine')!.commits).toEqual([]);
  expect(t.hub.lines(/commit/)).toEqual([]);
});

test('a broken upload is repeated, a commit is not', async () => {
  t.hub.fault({ request: /PUT cdn/, status: 503 });
  t.hub.fault({ request: /POST hub .*commit/, status: 503 });
  await expect(pushToHub(directory, 'me/mine', options())).rejects.toMatchObject({ status: 503 });
  expect(t.hub.lines(/POST hub .*commit/)).toHaveLength(1);
});

test('what cannot be pushed is refused, most of it before any request', async () => {
  await expect(pushToHub(directory, 'mine', options())).rejects.toThrow(
    'id: expected "<account>/<name>", got "mine"',
  );
  await expect(pushToHub(directory, 'me/mine', { ...options(), token: false })).rejects.toThrow(
    'me/mine: expected a token with the right to write, got none',
  );
  await expect(pushToHub(join(t.root, 'none'), 'me/mine', options())).rejects.toThrow(
    'expected a directory, got none',
  );
  await expect(pushToHub(directory, 'me/mine', { ...options(), filter: () => false })).rejects.toThrow(
    'expected files to upload, got none',
  );
  expect(t.hub.requests).toEqual([]);
  await expect(pushToHub(directory, 'me/mine', { ...options(), token: 'hf_wrong' })).rejects.toThrow(
    'expected a token that is valid, got HTTP 401',
  );
});
