import type { HubOptions } from '@rag/models/node';
import type { Command } from 'commander';
import { text } from '../config/kind.js';
import { fetchLines } from './fetch-lines.js';
import { flagParser } from './flag-parser.js';
import type { Output } from './progress.js';

/** Which model of the hub, and how it is reached. */
export interface HubFlags {
  readonly revision?: string;
  readonly token?: string;
  readonly cache_dir?: string;
  readonly offline?: boolean;
}

/** The flags by what a model's opening calls them. */
export const hubFlagNames = { revision: '--revision', token: '--token' } as const;

/** Adds them to a command that takes a name of the hub. */
export function addHubFlags(command: Command): Command {
  return command
    .option(
      '--revision <name>',
      'branch, tag or commit of a model of the hub; without it main',
      flagParser('--revision', text),
    )
    .option(
      '--token <text>',
      'access token of the hub; without it HF_TOKEN or the one logged in with',
      flagParser('--token', text),
    )
    .option(
      '--cache_dir <directory>',
      'where models of the hub are kept; without it as HF_HUB_CACHE or HF_HOME say',
      flagParser('--cache_dir', text),
    )
    .option('--offline', 'only what is kept there; without it as HF_HUB_OFFLINE says');
}

/** What the flags say; how far a download is goes to `output`. */
export function hubOptions({ revision, token, cache_dir, offline }: HubFlags, output: Output): HubOptions {
  return {
    ...(revision !== undefined && { revision }),
    ...(token !== undefined && { token }),
    ...(cache_dir !== undefined && { cacheDir: cache_dir }),
    ...(offline !== undefined && { offline }),
    onProgress: fetchLines((line) => output.write(`${line}\n`)),
  };
}
