/**
 * Prints `N passed, N failed` from the file that vitest's JSON reporter wrote, and exits 1 unless tests ran and all that
 * ran passed. Usage: tsx scripts/test-summary.ts <file>
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What is read of vitest's JSON report. */
interface Report {
  testResults: {
    name: string;
    status: 'passed' | 'failed';
    assertionResults: { status: 'passed' | 'failed' | 'pending' | 'skipped' | 'todo' | 'disabled' }[];
  }[];
}

/** Counts of a test run. */
export interface TestSummary {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts tests; a file that failed without a failed test (it does not load, or a hook threw) counts as one failure. */
export function summarize({ testResults }: Report): TestSummary {
  const summary: TestSummary = { passed: 0, failed: 0, skipped: 0 };
  for (const file of testResults) {
    const count = (status: string) => file.assertionResults.filter((test) => test.status === status).length;
    const failed = count('failed');
    summary.passed += count('passed');
    summary.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
    summary.skipped += file.assertionResults.length - count('passed') - failed;
  }
  return summary;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const path = process.argv[2] ?? '';
  if (!existsSync(path)) {
    console.error(
      `test-summary: expected vitest's JSON report at "${path}", got none — a step before the tests failed`,
    );
  }
  const { passed, failed, skipped } = summarize(
    existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { testResults: [] },
  );
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
}
