import { nodeFiles } from '../node/node-files.js';
import { checkpointsIn, filesOfCheckpoint } from '../resume/find-checkpoint.js';
import { openState } from '../resume/state-file.js';

/** Reads every tensor of every complete checkpoint of a run against its checksum. @returns their paths, oldest first */
export async function readCheckpoints(outputDir: string): Promise<string[]> {
  const { complete, damaged } = await checkpointsIn(nodeFiles, outputDir);
  if (damaged[0]) throw damaged[0];
  for (const { path, state } of complete) {
    const { step } = state.session;
    const source = await filesOfCheckpoint(nodeFiles, { path });
    const opened = await openState(source, path, { stored: state.parameters, step });
    for (const { name } of opened.parameters)
      for (const part of ['value', 'first', 'second'] as const) await opened.read(name, part);
  }
  return complete.map(({ path }) => path);
}
