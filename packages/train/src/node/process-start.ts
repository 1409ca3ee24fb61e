import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * When a process of this machine began, as a text that no other process of the same id has; undefined where there is none of this id.
 * On Linux ticks since a boot and the boot's id (proc_pid_stat(5), field 22), on macOS the time of `ps`; where neither is
 * to be had, as on Windows, the text is empty.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  if (process.platform === 'linux') {
    const [stat, boot] = await Promise.all(
      [`/proc/${pid}/stat`, '/proc/sys/kernel/random/boot_id'].map((path) =>
        readFile(path, 'utf8').catch(() => ''),
      ),
    );
    // The name of the program, in brackets, may hold spaces.
    const fields = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ');
    return stat === '' ? '' : `${fields[19]} ${boot!.trim()}`;
  }
  if (process.platform === 'win32') return '';
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
