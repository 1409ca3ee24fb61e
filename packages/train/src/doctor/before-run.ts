import { type DoctorPlatform, type DoctorReport, examine } from './examine.js';
import { formatFinding } from './finding.js';
import { errorsIn, RefusedRunError } from './refused-run-error.js';
import type { AskedRun } from './task-settings.js';

/** What the doctor may do before a run: refuse it, only tell, or not look at all. */
export type DoctorMode = 'refuse' | 'tell' | 'off';

/** Findings that the run itself ends by, at once and in its own words. */
const saidByTheRun = new Set(['model', 'earlier-run', 'bad-file', 'bad-rows', 'long-texts', 'not-active']);

/**
 * The first phase of a run: looks at rows, model and settings and says what is wrong, one line each.
 * @returns what was seen, for run.json; undefined where the mode is `off`
 * @throws RefusedRunError for a known killer of runs, unless the mode is `tell`
 */
export async function examineBeforeRun(
  asked: AskedRun,
  platform: DoctorPlatform,
  { mode, say }: { readonly mode: DoctorMode; readonly say: (line: string) => void },
): Promise<DoctorReport | undefined> {
  if (mode === 'off') return undefined;
  const all = await examine(asked, platform);
  const report = { ...all, findings: all.findings.filter(({ code }) => !saidByTheRun.has(code)) };
  for (const finding of report.findings) say(`doctor: ${finding.severity}: ${formatFinding(finding)}`);
  const errors = errorsIn(report).map(formatFinding);
  if (mode === 'refuse' && errors.length > 0)
    throw new RefusedRunError(
      `train ${asked.task}: expected a run without known killers, got ${errors.length}: ${errors.join('; ')} — or pass --force (in code doctor: 'tell')`,
      report,
    );
  return report;
}
