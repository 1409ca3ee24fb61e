/**
 * Runs every test with its full campaign (RAG_LONG) and keeps the result in bench/TEST-LONG.md.
 * Usage: pnpm test:long
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(mkdtempSync(join(tmpdir(), 'test-long-')), 'report.json');
const started = Date.now();
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RAG_LONG: '1' } },
);
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const minutes = ((Date.now() - started) / 60_000).toFixed(1);
writeFileSync(
  join(root, 'bench/TEST-LONG.md'),
  `# The long test run

\`pnpm test:long\`: every test with its full campaign.

| date | passed | failed | skipped | minutes | machine |
|---|---|---|---|---|---|
| ${new Date().toISOString().slice(0, 10)} | ${report.numPassedTests} | ${report.numFailedTests} | ${report.numPendingTests} | ${minutes} | ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version} |
`,
);
process.exit(status ?? 1);
