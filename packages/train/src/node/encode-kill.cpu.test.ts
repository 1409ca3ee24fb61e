import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { writeTinyEmbedding } from '../testing/tiny-retrievers.js';
import { writeTinyRun } from '../testing/tiny-run.js';

let folder: string;
let model: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-kill-'));
  model = await writeTinyEmbedding((await writeTinyRun(folder)).model, at('embedding'));
  const lines = Array.from({ length: 20_000 }, (_, i) =>
    JSON.stringify({ _id: `d${i}`, title: '月亮', text: `${i} `.repeat(1 + (i % 9)) }),
  );
  await writeFile(at('corpus.jsonl'), `${lines.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const flags = (output: string) => [
  ...['encode', '--model', model, '--threads', '1', '--input', at('corpus.jsonl'), '--output', at(output)],
];

/** `rag` in a process of its own. */
const start = (output: string) =>
  spawn(
    process.execPath,
    [
      '--conditions=@rag/source',
      '--import',
      'tsx',
      fileURLToPath(new URL('../cli.ts', import.meta.url)),
      ...flags(output),
    ],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: 'ignore' },
  );

const rounds = process.env.RAG_LONG ? ['npy', 'ragvec', 'jsonl', 'safetensors', 'npy', 'jsonl'] : ['npy'];

test.each(rounds.map((format, round) => [format, round] as const))(
  '%s, round %i: what was killed at random places ends in the bytes of an uninterrupted run',
  async (format, round) => {
    const output = `killed-${round}.${format}`;
    const places = new Set<string>();
    for (let kill = 0; kill < 2 || (process.env.RAG_LONG && kill < 20); kill++) {
      if (existsSync(at(output))) break;
      const before = await note(output);
      const child = start(output);
      const ended = once(child, 'exit');
      // Killed while it works: a while after it has kept something that was not kept before.
      while (child.exitCode === null && (await note(output)) === before) await pause(5);
      // The first time at once, so that the rest is still to come however fast the machine is.
      if (kill > 0) await pause(Math.random() * 300);
      child.kill('SIGKILL');
      await ended;
      if (!existsSync(at(output))) places.add(await note(output));
    }
    // It was killed behind a commit, at least once.
    expect(places.size).toBeGreaterThan(0);
    expect(places.has('')).toBe(false);
    if (!existsSync(at(output)))
      expect(await runRag(...flags(output))).toMatchObject({ code: 0, stderr: '' });
    await runRag(...flags(`whole-${round}.${format}`));
    expect((await readFile(at(output))).equals(await readFile(at(`whole-${round}.${format}`)))).toBe(true);
    expect((await readdir(folder)).filter((name) => /partial|progress/.test(name))).toEqual([]);
  },
  600_000,
);

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const note = (output: string) => readFile(at(`${output}.progress.json`), 'utf8').catch(() => '');
