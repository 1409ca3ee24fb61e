import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { MOST_RUN_BYTES, readRunFile } from '../report/read-run.js';
import { readTracking, type Tracking } from '../report/read-tracking.js';
import { runPage, unfinishedPage } from '../report/run-page.js';
import type { CommandStreams } from './command-line.js';
import { writePage } from './comparison-flags.js';
import { nodeFiles } from './node-files.js';
import { version } from './version.js';

/** `rag report <output_dir>`: a page of a run, from its run.json and the log of its JSONL tracker. */
export function reportCommand({ stdout }: CommandStreams): Command {
  return new Command('report')
    .description('write a page of a training run that needs nothing beside itself')
    .argument('<output_dir>', 'of `rag train`: run.json, and tracking/log.jsonl where log_with had jsonl')
    .option('--html <file>', 'where to; without it report.html in the directory')
    .action(async (directory: string, flags: { readonly html?: string }) => {
      const target = flags.html ?? join(directory, 'report.html');
      await writePage('--html', target, await reportText(directory));
      stdout.write(`${target}: written\n`);
    });
}

/** @throws ConfigError where the directory has neither file, or a run.json that is none */
async function reportText(directory: string): Promise<string> {
  const [runPath, logPath] = [join(directory, 'run.json'), join(directory, 'tracking', 'log.jsonl')];
  const run = await bounded(runPath);
  const log = await bounded(logPath);
  const tracking: Tracking | undefined = log === undefined ? undefined : readTracking(log);
  if (run !== undefined) return runPage(readRunFile(run, runPath), tracking, version);
  if (tracking) return unfinishedPage(tracking, version);
  const isThere = await stat(directory).catch(() => undefined);
  throw new ConfigError(
    directory,
    undefined,
    `expected the output_dir of a run, with run.json or tracking/log.jsonl, got ${isThere ? (isThere.isDirectory() ? 'neither' : 'a file') : 'nothing at this path'} — point at what \`rag train\` wrote`,
  );
}

/** A file's text; undefined where there is none. @throws ConfigError for one that no run wrote */
async function bounded(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile())
    throw new ConfigError(path, undefined, 'expected a file, got something else — remove it');
  if (found.size > MOST_RUN_BYTES)
    throw new ConfigError(
      path,
      undefined,
      `expected at most ${MOST_RUN_BYTES / 2 ** 20} MiB, got ${Math.ceil(found.size / 2 ** 20)} — a run writes less: check the path`,
    );
  return nodeFiles.readText(path);
}
