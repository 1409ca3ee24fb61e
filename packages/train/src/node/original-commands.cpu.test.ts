import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubServer, startHubServer } from '@rag/models/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { originalCommands, wordsOf } from '../testing/original-commands.js';
import { originalData } from '../testing/original-data.js';
import { originalFiles, writeFiles } from '../testing/original-files.js';
import { addOriginalModels } from '../testing/original-hub.js';
import { runRag } from '../testing/run-rag.js';

let folder: string;
let root: string;
let hub: HubServer;
const before = process.cwd();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-originals-'));
  root = join(folder, 'root');
  hub = await startHubServer();
  await writeFiles(root, { ...originalFiles, ...originalData() });
  await addOriginalModels(hub, folder, root);
});
afterAll(async () => {
  process.chdir(before);
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', join(folder, 'home'));
  // Nobody's account: RAG-Retrieval's commands track offline then.
  for (const name of ['WANDB_MODE', 'WANDB_API_KEY']) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** One of each kind of script; the others run where time is no matter. */
const quick = /950da57 train_reranker.sh, BERT|reranker-v2-gemma/;
const run = originalCommands.filter(({ from }) => process.env.RAG_LONG !== undefined || quick.test(from));

test.each(run.map((command) => [command.from, command] as const))(
  '%s: trains with rag before it, to a model in its output_dir',
  async (_, { line, folder: at }) => {
    await mkdir(join(root, at), { recursive: true });
    process.chdir(join(root, at));
    // Some have the same output_dir.
    await rm('output', { recursive: true, force: true });
    const output = /output_dir:? "?([^ "]+)/.exec(line)?.[1];
    const { code, stdout, stderr } = await runRag(...wordsOf(line));
    expect([code, stderr.includes('rag: ')], stderr + stdout).toEqual([0, false]);
    const model = /^final model: (.*)$/m.exec(stdout)![1]!;
    if (output !== undefined) expect(model).toBe(`${output}/model`);
    expect(await readdir(model)).toContain('config.json');
  },
);
