import { existsSync } from 'node:fs';
import { runCommandLine } from '../node/command-line.js';

/** `rag` in a process of an MPI job, of which the last is killed once a file is there: its first argument. */
const [file = '', ...parameters] = process.argv.slice(2);
const { OMPI_COMM_WORLD_RANK, PMI_RANK } = process.env;
if ((OMPI_COMM_WORLD_RANK ?? PMI_RANK) === '1')
  setInterval(() => existsSync(file) && process.kill(process.pid, 'SIGKILL'), 2).unref();
process.exitCode = await runCommandLine(parameters);
