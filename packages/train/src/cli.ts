#!/usr/bin/env node
import { runCommandLine } from './node/command-line.js';

// A reader that has enough, such as head, is no error to report: end as programs do that SIGPIPE ends.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141);
  throw error;
});
process.exitCode = await runCommandLine(process.argv.slice(2));
