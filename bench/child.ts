import { type ExecFileOptions, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const folder = import.meta.dirname;

/** What a benchmark script prints: one line of JSON. */
export type Report = Readonly<Record<string, unknown>>;

/** Runs a program in this folder to its end; returns the JSON on its last line, or nothing where it prints nothing. */
async function child(
  program: string,
  args: readonly string[],
  { env, ...options }: Pick<ExecFileOptions, 'env' | 'timeout' | 'killSignal'> = {},
): Promise<Report | undefined> {
  console.error(`> ${[program, ...args].map((arg) => arg.split(/[\\/]/).at(-1)).join(' ')}`);
  const { stdout } = await execute(program, [...args], {
    cwd: folder,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    ...options,
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

/** What a script that may fail came to: its report, or in a line why there is none. */
export type Attempt = { readonly report: Report } | { readonly reason: string };

/** As `ours`, of a script that may fail, or not end within `seconds`, without stopping the benchmark. */
export async function attempt(
  script: string,
  args: readonly string[],
  { seconds, env = {} }: { readonly seconds: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Attempt> {
  try {
    const node = ['--conditions=@rag/source', '--import', 'tsx', script, ...args];
    const report = await child(process.execPath, node, {
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
      env,
    });
    return report ? { report } : { reason: 'it printed nothing' };
  } catch (error) {
    const reason = reasonOf(error as ChildFailure, seconds);
    console.error(`  ${reason}`);
    return { reason };
  }
}

/** What `execFile` rejects with. */
export interface ChildFailure {
  readonly killed?: boolean;
  readonly signal?: string | null;
  readonly code?: number | string | null;
  readonly stderr?: string;
}

/** Why a child gave nothing: the time, or the last error message that it wrote. */
export function reasonOf({ killed, signal, code, stderr = '' }: ChildFailure, seconds: number): string {
  if (killed) return `not done in ${seconds} s`;
  const message = stderr
    .split('\n')
    .findLast((line) => /^\w*Error( \[\w+\])?: /.test(line))
    // Paths belong to one machine.
    ?.replaceAll(/(?:[A-Za-z]:)?(?:[\\/][^\\/\s"]+){2,}/g, (path) => path.split(/[\\/]/).at(-1)!);
  return message ?? (signal ? `ended by ${signal}` : `ended with code ${code}`);
}

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
