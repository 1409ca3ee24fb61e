import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { syntheticRepository } from './synthetic-repository.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs the command on a report and returns what it printed and its exit code. */
function summaryOf(report?: object): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const folder = syntheticRepository(report === undefined ? {} : { 'report.json': report });
  const args = [
    join(root, 'node_modules/tsx/dist/cli.mjs'),
    'scripts/test-summary.ts',
    join(folder, 'report.json'),
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

function file(...statuses: string[]): object {
  const assertionResults = statuses.map((status) => ({ status }));
  return { name: 'a.test.ts', status: statuses.includes('failed') ? 'failed' : 'passed', assertionResults };
}

it('counts and succeeds when all that ran passed', async () => {
  const report = { testResults: [file('passed', 'passed'), file('passed', 'skipped', 'todo')] };
  expect(await summaryOf(report)).toMatchObject({ code: 0, stdout: '2 skipped\n3 passed, 0 failed\n' });
});

it('fails on a failed test', async () => {
  const report = { testResults: [file('passed', 'failed')] };
  expect(await summaryOf(report)).toMatchObject({ code: 1, stdout: '1 passed, 1 failed\n' });
});

it('fails on a file that did not load', async () => {
  const broken = { name: 'b.test.ts', status: 'failed', assertionResults: [] };
  expect(await summaryOf({ testResults: [file('passed'), broken] })).toMatchObject({
    code: 1,
    stdout: '1 passed, 1 failed\n',
  });
});

it('fails when nothing ran, and says when there is no report', async () => {
  expect(await summaryOf({ testResults: [] })).toMatchObject({ code: 1, stdout: '0 passed, 0 failed\n' });
  const { code, stdout, stderr } = await summaryOf();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '0 passed, 0 failed\n' });
  expect(stderr).toContain("expected vitest's JSON report at");
});
