/**
 * The hub of our tests, our client and Python's huggingface_hub against each other: both fetch the same model into caches of
 * their own, which must be equal, and each opens the other's offline; both push to the same hub.
 *
 *     npx tsx --conditions=@rag/source scripts/golden/hub-cache.ts <python>
 *     (huggingface_hub 1.33.0, transformers 5.18.0, sentence-transformers 6.0.1)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Embedding } from '../../packages/embedding/src/index.js';
import { hubSource, pushToHub } from '../../packages/models/src/node/index.js';
import { filesOfDirectory, HUB_TOKEN, startHubServer } from '../../packages/models/src/testing/index.js';

const [python] = process.argv.slice(2);
if (!python) throw new Error('usage: hub-cache.ts <python>');
const id = 'org/tiny';
const fixture = fileURLToPath(new URL('../../packages/embedding/src/fixtures/dense-tanh', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'hub-cache-'));
const [ours, theirs] = [join(root, 'ours'), join(root, 'theirs')];
const hub = await startHubServer();

async function run(step: string, environment: Record<string, string> = {}): Promise<void> {
  const script = fileURLToPath(new URL('hub-cache.py', import.meta.url));
  const child = spawn(python!, [script, step, id, ours, theirs, fixture], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HF_ENDPOINT: hub.endpoint,
      HF_TOKEN: HUB_TOKEN,
      HF_HUB_DISABLE_XET: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
      HF_HUB_DISABLE_UPDATE_CHECK: '1',
      HF_HUB_DISABLE_TELEMETRY: '1',
      ...environment,
    },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${step}: Python ended with ${code}`);
}

const expectEqual = (what: string, a: unknown, b: unknown) => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right) throw new Error(`${what}: ${left} and ${right} differ`);
  console.log(`${what}: equal`);
};

try {
  const files = await filesOfDirectory(fixture);
  hub.add(id, files, { names: ['v1', 'refs/pr/1'] });
  const options = { endpoint: hub.endpoint, cacheDir: ours, token: false, offline: false } as const;
  for (const revision of ['main', 'v1', 'refs/pr/1']) await hubSource(id, { ...options, revision });

  // Python fetches the same files into its own cache; then both are compared.
  await run('fetch');
  // Python opens ours without a network, and with one fetches nothing.
  await run('offline', { HF_HUB_OFFLINE: '1' });
  hub.requests.length = 0;
  await run('online');
  expectEqual('bytes that Python fetched into our cache', hub.lines(/GET cdn|GET hub .*resolve/), []);

  // We open Python's without a network.
  const offline = await hubSource(id, { ...options, cacheDir: theirs, offline: true });
  const online = await hubSource(id, options);
  expectEqual('commit offline', offline.commit, online.commit);
  const [a, b] = await Promise.all(
    [offline.directory, online.directory].map(async (directory) => {
      const model = await Embedding.fromPretrained(directory);
      const vector = [...(await model.encode('the cat'))];
      model.dispose();
      return vector;
    }),
  );
  expectEqual('vectors out of both caches', a, b);

  // Both push; the hub must hold the same files.
  await run('push');
  await pushToHub(fixture, 'org/by-us', { endpoint: hub.endpoint, token: HUB_TOKEN, private: true });
  const held = (name: string) =>
    [...hub.models.get(name)!.commits.at(-1)!.files.values()].map(({ path, oid }) => `${path} ${oid}`).sort();
  expectEqual('files pushed', held('org/by-us'), held('org/by-python'));
} finally {
  await hub.close();
  rmSync(root, { recursive: true, force: true });
}
