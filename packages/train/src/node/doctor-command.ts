import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { resolve as absolute, dirname } from 'node:path';
import { Command } from 'commander';
import { examine } from '../doctor/examine.js';
import { formatReport, type Paint, verdict } from '../doctor/format-report.js';
import type { AskedRun } from '../doctor/task-settings.js';
import type { ResolvedTask } from '../recipes/run-task.js';
import { type TrainableTask, tasks } from '../recipes/tasks.js';
import { commandGroup } from './command-group.js';
import type { CommandStreams } from './command-line.js';
import { fetchLines } from './fetch-lines.js';
import { nodeFiles } from './node-files.js';
import { addSettings } from './train-command.js';

/** A run that the doctor refuses. */
export class RefusedRunError extends Error {
  override readonly name = 'RefusedRunError';
}

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
}

function taskCommand<Settings extends ResolvedTask>(
  name: AskedRun['task'],
  { table, resolve }: TrainableTask<Settings, unknown>,
  { stdout, stderr }: CommandStreams,
  ask: (resolved: Settings) => AskedRun,
): Command {
  const command = new Command(name)
    .description(`look at the rows, the model and the settings of \`rag train ${name}\`; nothing is trained`)
    .option('--config <file>', 'YAML file of the keys below; flags beat it')
    .option('--json', 'print one JSON object')
    .option('--force', 'end with 0 whatever is found');
  const layers = addSettings(command, table);
  return command.action(async ({ json, force, ...options }: DoctorFlags) => {
    const asked = ask(resolve(await layers(options)));
    const onProgress = fetchLines((line) => stderr.write(`${line}\n`));
    const report = await examine(asked, {
      files: {
        ...nodeFiles,
        openModel: (path, hub) => nodeFiles.openModel(path, hub && { onProgress, ...hub }),
      },
      freeBytes,
      memoryBytes: totalmem(),
    });
    stdout.write(
      json ? `${JSON.stringify(report)}\n` : formatReport(report, stdout.isTTY ? colours : undefined),
    );
    const errors = report.findings.filter(({ severity }) => severity === 'error');
    if (errors.length === 0 || force) return;
    throw new RefusedRunError(
      `doctor ${name}: expected a run without known killers, got ${verdict(errors)} — mend what is named, or pass --force`,
    );
  });
}

const colours: Paint = (severity, text) => `\u001b[${severity === 'error' ? 31 : 33}m${text}\u001b[0m`;

/** Bytes that this user may write under a path, or under the nearest directory above it that exists. */
export async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = absolute(path); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}
