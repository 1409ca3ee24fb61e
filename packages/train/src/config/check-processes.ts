import { ConfigError } from './config-error.js';
import type { SharedConfig } from './shared-options.js';

type Settings = Pick<SharedConfig, 'numProcesses' | 'zeroStage' | 'configFile' | 'onCollapse'> & {
  readonly batchSize: number;
};

/**
 * Holds `num_processes` and `zero_stage` against the processes that were launched; a line for each that is not obeyed to the letter. A
 * launcher's file says what its own launcher would do: only a number that a flag or a file without one asks for is held to.
 * @param launched processes of this run
 * @param sources where each given key was given
 * @throws ConfigError where another number was asked for, or what one process alone can do
 */
export function checkProcesses(
  { numProcesses, zeroStage, configFile, onCollapse, batchSize }: Settings,
  sources: ReadonlyMap<string, string>,
  launched: number,
): string[] {
  const lines: string[] = [];
  const processes = (count: number) => (count === 1 ? '1 process' : `${count} processes`);
  if (numProcesses !== undefined && numProcesses !== launched) {
    const where = sources.get('num_processes') ?? 'num_processes';
    const advice = `mpirun -n ${numProcesses} rag train …`;
    if (configFile === undefined || where.startsWith('--'))
      throw new ConfigError(
        where,
        'num_processes',
        `expected ${processes(launched)}, as launched, got ${numProcesses} — launch so many: ${advice}`,
      );
    lines.push(
      `num_processes ${numProcesses} (${where}): running ${processes(launched)}, as launched, with ${launched * batchSize} rows per batch in place of ${numProcesses * batchSize} — ${advice} runs ${numProcesses}`,
    );
  }
  if (onCollapse === 'rollback' && launched > 1)
    throw new ConfigError(
      sources.get('on_collapse') ?? 'on_collapse',
      'on_collapse',
      `expected tell, stop or off in ${processes(launched)}, got rollback, which one process alone can do — choose one; --resume goes on from a checkpoint`,
    );
  if (zeroStage > 0 && launched === 1)
    lines.push(`zero_stage ${zeroStage}: one process holds the whole state`);
  return lines;
}
