import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { launchOf, type MpiImplementation } from '../collectives/mpi/launch.js';

/** The launcher's program as Debian names it, and what a test machine needs besides. */
const launchers: Readonly<Record<MpiImplementation, { readonly program: string; readonly flags: string[] }>> =
  {
    'Open MPI': { program: 'mpirun.openmpi', flags: ['--oversubscribe'] },
    MPICH: { program: 'mpirun.mpich', flags: [] },
  };

/** The implementations whose launcher is here, and why the others are not. */
export function mpiLaunchers(): { readonly here: readonly MpiImplementation[]; readonly missing: string } {
  const all = Object.keys(launchers) as MpiImplementation[];
  const here = all.filter((name) => spawnSync(launchers[name].program, ['--version']).status === 0);
  const missing = all.filter((name) => !here.includes(name));
  return { here, missing: missing.map((name) => `no ${launchers[name].program}`).join(', ') };
}

/** What a job said and how it ended. */
export interface MpiJob {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Node in so many processes by a launcher.
 *
 * @param parameters of Node
 * @param hears every chunk of standard output, and the launcher's process id
 */
export async function runMpiJob(
  implementation: MpiImplementation,
  processes: number,
  parameters: readonly string[],
  { cwd, hears }: { readonly cwd?: string; readonly hears?: (text: string, launcher: number) => void } = {},
): Promise<MpiJob> {
  const { program, flags } = launchers[implementation];
  // A test that runs within a job must not hand its own place on.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => launchOf({ [name]: '1' }) === null),
  );
  const child = spawn(program, [...flags, '-np', String(processes), process.execPath, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    // Machines that run tests are often containers, where the user is root.
    env: { ...environment, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => {
    out.push(chunk.toString());
    if (child.pid !== undefined) hears?.(chunk.toString(), child.pid);
  });
  child.stderr.on('data', (chunk: Buffer) => void err.push(chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: out.join(''), stderr: err.join('') };
}
