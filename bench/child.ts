import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const folder = import.meta.dirname;

/** What a benchmark script prints: one line of JSON. */
export type Report = Readonly<Record<string, unknown>>;

/** Runs a program in this folder to its end; returns the JSON on its last line, or nothing where it prints nothing. */
async function child(program: string, args: readonly string[]): Promise<Report | undefined> {
  console.error(`> ${[program, ...args].map((arg) => arg.split(/[\\/]/).at(-1)).join(' ')}`);
  const { stdout } = await execute(program, [...args], {
    cwd: folder,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 2 ** 24,
  });
  const last = stdout.trim().split('\n').at(-1)!;
  if (last === '') return undefined;
  console.error(`  ${last}`);
  return JSON.parse(last) as Report;
}

/** Runs one of this folder's TypeScript scripts in a process of its own. */
export const ours = (script: string, ...args: string[]): Promise<Report | undefined> =>
  child(process.execPath, ['--conditions=@rag/source', '--import', 'tsx', script, ...args]);

/** Runs one of the Python peers. */
export const peer = (python: string, script: string, ...args: string[]): Promise<Report | undefined> =>
  child(python, [`peers/${script}`, ...args]);

/** The version of a Python's torch; throws where that Python or its torch is missing. */
export async function torchVersion(python: string): Promise<string> {
  const { stdout } = await execute(python, ['-c', 'import torch; print(torch.__version__)']);
  return stdout.trim();
}

/** Throws TypeError unless the report has these fields as numbers; returns them. */
export function numbersOf<K extends string>(report: Report | undefined, ...keys: K[]): Record<K, number> {
  const numbers = keys.map((key) => {
    const value = key.split('.').reduce<unknown>((at, name) => (at as Report | undefined)?.[name], report);
    if (typeof value !== 'number')
      throw new TypeError(`report: expected a number "${key}", got ${JSON.stringify(report)}`);
    return [key, value] as const;
  });
  return Object.fromEntries(numbers) as Record<K, number>;
}
