import { examineTracker } from '../testing/tracker-exam.js';
import { tensorboardTracker } from './tensorboard-tracker.js';
import { memoryTrackerFiles } from './testing/memory-tracker-files.js';
import { readTfEvents } from './testing/read-tf-events.js';

examineTracker(
  'tensorboard',
  async () => {
    const files = memoryTrackerFiles();
    return {
      driver: (clock) => tensorboardTracker({ files, directory: 'out/tb', clock }),
      scalars: () =>
        readTfEvents(files.contents).scalars.map(({ tag, step, value }) => [tag, step, value] as const),
      ends: () => readTfEvents(files.contents).ends.map((status) => (status === 1 ? 'finished' : 'failed')),
      breakDown: () => files.fill(),
    };
  },
  // Values are float32, as TensorBoard's are.
  { keptValue: Math.fround },
);
