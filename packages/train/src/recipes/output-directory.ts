import { ConfigError } from '../config/config-error.js';
import { checkpointFolder, checkpointName, STATE_TEXT } from '../resume/checkpoints.js';
import { STATE_FILE } from '../resume/state-file.js';
import type { RunFiles } from '../run-files.js';
import { FINAL_FILES } from './final-model.js';

/** Finds out before anything is trained whether the run can be written. @throws ConfigError */
export async function makeOutput(files: RunFiles, outputDir: string): Promise<void> {
  await files.makeDirectory(outputDir).catch((cause: Error) => {
    throw new ConfigError(
      'output_dir',
      'output_dir',
      `expected a directory that can be made, got ${outputDir} (${cause.message}) — choose another`,
      { cause },
    );
  });
}

/** Finds out before anything is trained whether models can be written where an earlier run's lie. @throws ConfigError */
export async function refuseForeign(files: RunFiles, outputDir: string): Promise<void> {
  const folder = 'runs/checkpoints';
  const names = (await files.list(`${outputDir}/${folder}`)).filter((name) => checkpointName.test(name));
  for (const place of ['model', ...names.map((name) => `${folder}/${name}`)]) {
    const foreign = await files.foreignFiles(`${outputDir}/${place}`, [
      ...FINAL_FILES,
      ...[STATE_TEXT, STATE_FILE],
    ]);
    if (foreign.length > 0)
      throw new ConfigError(
        'output_dir',
        'output_dir',
        `expected only files of an earlier run in ${outputDir}/${place}, got ${foreign.slice(0, 5).join(', ')}${foreign.length > 5 ? ', …' : ''} — move them away or choose another directory: overwrite_output_dir replaces a run, never other files`,
      );
  }
}

/**
 * Takes the directory for this run, and clears away what a run that was killed was writing there.
 * @returns gives it back
 * @throws ConfigError where another run holds it, or it cannot be written
 */
export async function claimOutput(files: RunFiles, outputDir: string): Promise<() => Promise<void>> {
  await makeOutput(files, outputDir);
  const release = await files.lock(outputDir);
  await files.removeUnfinished(outputDir, (name) => ['model', 'run.json', 'run.lock'].includes(name));
  await files.removeUnfinished(checkpointFolder(outputDir), (name) => checkpointName.test(name));
  return release;
}
