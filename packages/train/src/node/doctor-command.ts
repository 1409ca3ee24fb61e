import { availableParallelism, totalmem } from 'node:os';
import { Command } from 'commander';
import { nonNegativeNumber } from '../config/kind.js';
import { examine } from '../doctor/examine.js';
import { formatReport, type Paint, verdict } from '../doctor/format-report.js';
import { measureRun, type ProbePlatform } from '../doctor/measure-run.js';
import { errorsIn, RefusedRunError } from '../doctor/refused-run-error.js';
import type { AskedRun } from '../doctor/task-settings.js';
import type { ResolvedTask } from '../recipes/prepared-task.js';
import { type TrainableTask, tasks } from '../recipes/tasks.js';
import type { RunFiles } from '../run-files.js';
import { commandGroup } from './command-group.js';
import type { CommandStreams } from './command-line.js';
import { fetchLines } from './fetch-lines.js';
import { flagParser } from './flag-parser.js';
import { freeBytes } from './free-bytes.js';
import { nodeFiles } from './node-files.js';
import { addSettings } from './train-command.js';
import { platformVersions, version } from './version.js';

/** `rag doctor <task>`: what is wrong with the settings, rows and model of a run, before it is started. */
export function doctorCommand(streams: CommandStreams): Command {
  return commandGroup('rag doctor', 'task', [
    taskCommand('reranker', tasks.reranker, streams, (resolved) => ({ task: 'reranker', resolved })),
    taskCommand('embedding', tasks.embedding, streams, (resolved) => ({ task: 'embedding', resolved })),
    taskCommand('colbert', tasks.colbert, streams, (resolved) => ({ task: 'colbert', resolved })),
  ]).description('tell what is wrong with a run before it is started');
}

interface DoctorFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly probe: boolean;
  readonly probe_seconds: number;
}

function taskCommand<Settings extends ResolvedTask>(
  name: AskedRun['task'],
  { table, resolve }: TrainableTask<Settings, unknown>,
  { stdout, stderr }: CommandStreams,
  ask: (resolved: Settings) => AskedRun,
): Command {
  const command = new Command(name)
    .description(`look at the rows, the model and the settings of \`rag train ${name}\`; nothing is kept`)
    .option('--config <file>', 'YAML file of the keys below; flags beat it')
    .option('--json', 'print one JSON object')
    .option('--force', 'end with 0 whatever is found')
    .option('--no-probe', 'do not measure memory and time by a few updates, which need the weights')
    .option(
      '--probe_seconds <seconds>',
      'begin no further update of the probe after these; one is always made',
      flagParser('--probe_seconds', nonNegativeNumber),
      30,
    );
  const layers = addSettings(command, table);
  return command.action(async ({ json, force, probe, probe_seconds: seconds, ...options }: DoctorFlags) => {
    const asked = ask(resolve(await layers(options)));
    const onProgress = fetchLines((line) => stderr.write(`${line}\n`));
    const files: RunFiles = {
      ...nodeFiles,
      openModel: (path, hub) => nodeFiles.openModel(path, hub && { onProgress, ...hub }),
    };
    const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
    const probing: ProbePlatform = {
      ...{ files, memoryBytes, version, seconds },
      threads: availableParallelism(),
      versions: platformVersions(),
      residentBytes: () => process.memoryUsage.rss(),
      // In kilobytes of 1,024 bytes on every system.
      peakBytes: () => 1024 * process.resourceUsage().maxRSS,
      now: () => performance.now(),
    };
    const report = await examine(asked, {
      ...{ files, freeBytes, memoryBytes },
      ...(probe && { probe: (run) => measureRun(run, probing) }),
    });
    stdout.write(
      json ? `${JSON.stringify(report)}\n` : formatReport(report, stdout.isTTY ? colours : undefined),
    );
    const errors = errorsIn(report);
    if (errors.length === 0 || force) return;
    throw new RefusedRunError(
      `doctor ${name}: expected a run without known killers, got ${verdict(errors)} — mend what is named, or pass --force`,
      report,
    );
  });
}

const colours: Paint = (severity, text) => `\u001b[${severity === 'error' ? 31 : 33}m${text}\u001b[0m`;
