import { Writable } from 'node:stream';
import type { Collective } from '@rag/runtime';
import type { CommandStreams } from './command-line.js';

/**
 * Where one of several processes prints: rank 0 alone does, line by line, as what the launcher gives it is no terminal of the user's even
 * where it says so (Open MPI).
 */
export function streamsOfRank(
  streams: CommandStreams,
  collective: Pick<Collective, 'rank'> | undefined,
): CommandStreams {
  if (!collective) return streams;
  const stream = (target: CommandStreams['stdout']): Writable =>
    new Writable({
      decodeStrings: false,
      write(chunk, encoding, done) {
        if (collective.rank > 0) done();
        else target.write(chunk, encoding, done);
      },
    });
  return { stdout: stream(streams.stdout), stderr: stream(streams.stderr) };
}
