import type { Command } from 'commander';
import { fromLauncher } from '../config/launch-command.js';
import { tasks } from '../recipes/tasks.js';
import { checkFlagValues, flagsOf } from './check-flag-values.js';
import { commandGroup, helpRequest } from './command-group.js';
import { cutVocabularyCommand } from './cut-vocabulary-command.js';
import { describeError, EXIT_CODES, exitCodeOf } from './describe-error.js';
import { distillCommand } from './distill-command.js';
import { doctorCommand } from './doctor-command.js';
import { encodeCommand } from './encode-command.js';
import { evalBenchmarkCommand } from './eval-benchmark-command.js';
import { evalCommand } from './eval-command.js';
import { evalCompareCommand } from './eval-compare-command.js';
import { evalColbertCommand, evalEmbeddingCommand } from './eval-retrieval-command.js';
import { evalRunCommand } from './eval-run-command.js';
import { exportCommand } from './export-command.js';
import { inspectCommand } from './inspect-command.js';
import { mineCommand } from './mine-command.js';
import { mixCommand } from './mix-command.js';
import type { Output } from './progress.js';
import { reportCommand } from './report-command.js';
import { rerankCommand } from './rerank-command.js';
import { scoreCommand } from './score-command.js';
import { serveCommand } from './serve-command.js';
import { trainCommand } from './train-command.js';
import { version } from './version.js';

/** Where a command writes. */
export interface CommandStreams {
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * Runs `rag …`. Errors are one line on stderr, with the stack under `--verbose`.
 * @param args without node and script
 * @returns the exit code: 0; 1 after an error, 2 where the command line or the settings are wrong, 130 after SIGINT, 143 after SIGTERM
 */
export async function runCommandLine(
  args: readonly string[],
  streams: CommandStreams = process,
): Promise<number> {
  const program = commandGroup('rag', 'command', [
    commandGroup('rag train', 'task', [
      trainCommand('reranker', tasks.reranker, streams),
      trainCommand('embedding', tasks.embedding, streams),
      trainCommand('colbert', tasks.colbert, streams),
    ])
      .description('fine-tune a model')
      .addHelpText(
        'after',
        '\nCommands of RAG-Retrieval and FlagEmbedding run with rag before them:\n  rag accelerate launch --config_file fsdp.yaml train_reranker.py --config training_bert.yaml\n  rag torchrun --nproc_per_node 2 -m FlagEmbedding.finetune.reranker.encoder_only.base …',
      ),
    doctorCommand(streams),
    commandGroup('rag eval', 'kind', [
      evalCommand(streams),
      evalEmbeddingCommand(streams),
      evalColbertCommand(streams),
      evalCompareCommand(streams),
      evalBenchmarkCommand(streams),
      evalRunCommand(streams),
    ]).description('evaluate a model or a run on judged queries'),
    reportCommand(streams),
    encodeCommand(streams),
    distillCommand(streams),
    rerankCommand(streams),
    scoreCommand(streams),
    serveCommand(streams),
    mineCommand(streams),
    exportCommand(streams),
    inspectCommand(streams),
    mixCommand(streams),
    cutVocabularyCommand(streams),
  ])
    .description('Fine-tune, evaluate and run retrieval models.')
    .version(version, '-V, --version')
    .option('--verbose', 'print the stack of an error');
  forEachCommand(program, (command) =>
    command.exitOverride().configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      // Errors are printed below, each once.
      writeErr: () => {},
    }),
  );
  // Accepted after the subcommand too.
  const verbose = args.includes('--verbose');
  let asked = helpRequest(
    program,
    args.filter((arg) => arg !== '--verbose'),
  );
  try {
    const ours = fromLauncher(asked);
    if (ours) {
      asked = ours.args;
      for (const line of [`running rag ${asked.slice(0, 2).join(' ')}`, ...ours.notes])
        streams.stderr.write(`${line}\n`);
    }
    checkFlagValues(program, asked);
    await program.parseAsync(asked, { from: 'user' });
    return 0;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === EXIT_CODES.done) return code;
    streams.stderr.write(`rag: ${describeError(error, flagsOf(program, asked).keys())}\n`);
    if (verbose && error instanceof Error) streams.stderr.write(`${error.stack}\n`);
    return code;
  }
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}
