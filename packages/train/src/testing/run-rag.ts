import { PassThrough } from 'node:stream';
import { runCommandLine } from '../node/command-line.js';

/** Runs `rag …` in this process and gathers what it prints. */
export async function runRag(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (chunks: string[]) =>
    new PassThrough().on('data', (chunk: Buffer) => void chunks.push(chunk.toString()));
  const code = await runCommandLine(args, { stdout: into(out), stderr: into(err) });
  return { code, stdout: out.join(''), stderr: err.join('') };
}
