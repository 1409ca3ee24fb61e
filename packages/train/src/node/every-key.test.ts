import { expect, test } from 'vitest';
import { canonicalKey } from '../config/resolve.js';
import { type TaskName, tasks } from '../recipes/tasks.js';
import { everyKey, type KeyedRunPlaces } from '../testing/every-key.js';

const places = new Proxy(
  {},
  { get: (_, name) => (name === 'vectors' || name === 'hub' || name === 'adapters' ? {} : String(name)) },
);

test.each(Object.keys(tasks) as TaskName[])(
  'the runs of %s have every key of its table between them',
  (name) => {
    const { table } = tasks[name];
    const runs = everyKey(places as KeyedRunPlaces).filter(({ task }) => task === name);
    const had = new Set(
      runs.flatMap(({ settings }) =>
        Object.keys(settings).map((key) => canonicalKey(table, key) ?? `unknown ${key}`),
      ),
    );
    // The output directory is each run's own.
    expect([...had, 'output_dir'].sort()).toEqual(Object.keys(table).sort());
  },
);
