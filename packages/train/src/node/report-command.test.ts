import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = {
  task: 'embedding',
  settings: { lr: 1e-5 },
  model: { name: 'base' },
  result: { updates: 1, tokens: 10, seconds: 1, meanLoss: 0.5 },
  history: [{ epoch: 0, update: 1, loss: 0.5, learningRate: 1e-5, gradientNorm: 1 }],
};

test('a page beside the run, or where it is asked for', async () => {
  await writeFile(at('run.json'), JSON.stringify(run));
  const { code, stdout, stderr } = await runRag('report', folder);
  expect([code, stdout, stderr]).toEqual([0, `${at('report.html')}: written\n`, '']);
  expect(await readFile(at('report.html'), 'utf8')).toContain('<h1>embedding run</h1>');
  await runRag('report', folder, '--html', at('pages', 'a.html'));
  expect(await readFile(at('pages', 'a.html'), 'utf8')).toMatch(/^<!doctype html>/);
});

test('a run that was killed has the log of its tracker', async () => {
  await mkdir(at('tracking'));
  await writeFile(at('tracking', 'log.jsonl'), '{"kind":"scalars","step":1,"values":{"train/loss":1}}\n{"ki');
  expect((await runRag('report', folder)).code).toBe(0);
  expect(await readFile(at('report.html'), 'utf8')).toContain('still running, or killed');
});

test('faults are one line', async () => {
  const fault = async (...args: string[]) => {
    const { code, stderr } = await runRag('report', ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^rag: [^\n]*\n$/);
    return stderr;
  };
  expect(await fault(at('x'))).toContain('got nothing at this path — point at what `rag train` wrote');
  expect(await fault(folder)).toContain('with run.json or tracking/log.jsonl, got neither');
  await writeFile(at('run.json'), JSON.stringify(run).slice(0, 40));
  expect(await fault(folder)).toContain('run.json: expected the JSON of a run, got ');
  await writeFile(at('run.json'), JSON.stringify(run));
  expect(await fault(folder, '--html', folder)).toContain('--html: expected a file that can be written, got');
  await rm(at('run.json'));
  await mkdir(at('run.json'));
  expect(await fault(folder)).toContain('run.json: expected a file, got something else');
  expect(await fault()).toContain('<output_dir>: expected one, got none');
});
