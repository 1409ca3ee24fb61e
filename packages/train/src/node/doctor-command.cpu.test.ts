import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';
import { runCommandLine } from './command-line.js';
import { freeBytes } from './free-bytes.js';

let folder: string;
let tiny: TinyRun;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-doctor-'));
  tiny = await writeTinyRun(folder);
  await writeFile(join(folder, 'run.yaml'), `model_name_or_path: ${JSON.stringify(tiny.model)}\nlr: 0.5\n`);
});
afterAll(() => rm(folder, { recursive: true }));

const settings = () => [
  ...['--model_name_or_path', tiny.model, '--init_from_config', '--train_dataset', tiny.train],
  ...['--val_dataset', tiny.val, '--loss_type', 'group_softmax', '--lr', '1e-3'],
  ...['--output_dir', join(folder, 'out', 'deep')],
];

test('a run without known killers ends with 0, and nothing is written', async () => {
  const { code, stdout, stderr } = await runRag('doctor', 'reranker', ...settings());
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('training rows: 12, with');
  expect(stdout).toContain('evaluation rows: 6, with');
  expect(stdout).toContain('model: bert, 2 layers of 32, up to 64 tokens, fresh weights');
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toMatch(/^error/m);
  expect(stdout).toMatch(
    /^memory: \d.* planned for training, \d.* measured at \d+ tokens in a batch; the process /m,
  );
  expect(stdout).toMatch(
    /^pace: \d.* tokens per second, \d.* s per update, of \d+ updates? on this machine$/m,
  );
  expect(stdout).toMatch(/^time: \d.*, training \d.*, evaluation \d/m);
  await expect(readFile(join(folder, 'out'))).rejects.toThrow('ENOENT');
});

test('a killer ends it with 1; --force goes on; the place of a setting is that of its file', async () => {
  const args = ['doctor', 'reranker', '--config', join(folder, 'run.yaml'), ...settings().slice(2, -4)];
  const { code, stdout, stderr } = await runRag(...args);
  expect(code).toBe(1);
  expect(stdout).toContain(
    `error lr (${join(folder, 'run.yaml')}:2): expected 0.00001 to 0.005 for fresh weights, got 0.5`,
  );
  expect(stderr).toBe(
    'rag: doctor reranker: expected a run without known killers, got 1 error — mend what is named, or pass --force\n',
  );
  expect(await runRag(...args, '--force')).toEqual({ code: 0, stdout, stderr: '' });
});

test('--json is one object', async () => {
  const { code, stdout } = await runRag(
    'doctor',
    'embedding',
    '--json',
    ...['--probe_seconds', '0', ...settings().slice(0, 7)],
    '--batch_size',
    '1',
  );
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    task: 'embedding',
    loss: 'infonce',
    train: { rows: 12 },
    model: { isFresh: true },
  });
  expect(report.findings.map(({ code }: { code: string }) => code)).toContain('cut-passages');
  expect(report.freeBytes).toBeGreaterThan(0);
  const { probe } = report;
  expect(probe.updates).toBe(1);
  expect(probe.memory.process).toBeGreaterThan(probe.memory.measured);
  expect(probe.time.training.most).toBeGreaterThan(probe.time.training.least);
  expect(probe.tokensPerSecond * probe.secondsPerUpdate).toBeCloseTo(
    probe.tokensPerEpoch / report.estimate.batchesPerEpoch,
    5,
  );
});

test('colours on a terminal alone', async () => {
  const chunks: string[] = [];
  const stdout = new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  const terminal = Object.assign(stdout, { isTTY: true });
  await runCommandLine(['doctor', 'colbert', '--no-probe', ...settings().slice(0, 5)], {
    stdout: terminal,
    stderr: new PassThrough(),
  });
  expect(chunks.join('')).not.toContain('pace: ');
  expect(chunks.join('')).toContain('\u001b[33mwarning\u001b[0m ');
});

test('settings that are wrong end it with 2, as in training', async () => {
  expect(await runRag('doctor', 'reranker', '--lr', 'fast')).toMatchObject({ code: 2 });
  expect(await runRag('doctor')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('doctor <task>: expected reranker, embedding or colbert, got none'),
  });
});

test('free space is told for paths that do not exist yet', async () => {
  expect(await freeBytes(join(folder, 'no', 'such', 'place'))).toBeGreaterThan(0);
});
