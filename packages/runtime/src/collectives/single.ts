import { checkBounds, checkOpen, checkRoot } from './check-call.js';
import { type Collective, CollectiveError } from './collective.js';

/** The collective of one process: it checks its arguments and leaves the data as they are. */
export function single(): Collective {
  const at = { name: 'single', rank: 0, size: 1 };
  let closed = false;
  return {
    ...at,
    async allReduce() {
      checkOpen(at, 'allReduce', closed);
    },
    async reduceScatter(data, bounds) {
      checkOpen(at, 'reduceScatter', closed);
      checkBounds(at, 'reduceScatter', data.length, bounds);
    },
    async allGather(data, bounds) {
      checkOpen(at, 'allGather', closed);
      checkBounds(at, 'allGather', data.length, bounds);
    },
    async broadcast(_data, root) {
      checkOpen(at, 'broadcast', closed);
      checkRoot(at, root);
    },
    async barrier() {
      checkOpen(at, 'barrier', closed);
    },
    abort(reason) {
      throw new CollectiveError(0, reason);
    },
    async close() {
      checkOpen(at, 'close', closed);
      closed = true;
    },
  };
}
