import { expect, test } from 'vitest';
import golden from './fixtures/event-records.json' with { type: 'json' };
import { entryEvent, hparamsEvent, restartEvent, versionEvent } from './tensorboard-events.js';
import { tfRecord } from './tf-record.js';
import type { TrackedEntry } from './tracker.js';

const time = 1763755200250;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const record = (entry: TrackedEntry): string => hex(tfRecord(entryEvent(entry)));

test("a file's first record and a restart, as TensorBoard's own protobuf writes them", () => {
  expect(hex(tfRecord(versionEvent(time)))).toBe(golden.version);
  expect(hex(tfRecord(restartEvent(time, 301)))).toBe(golden.restart);
});

test('scalars, a text and a distribution', () => {
  const values = { 'train/loss': 0.1, 损失: Number.POSITIVE_INFINITY, nan: Number.NaN };
  expect(record({ kind: 'scalars', step: 300, time, values })).toBe(golden.scalars);
  expect(record({ kind: 'text', step: 7, time, name: 'note', text: 'zwei 行\nø' })).toBe(golden.text);
  const histogram = { edges: [0.5, 2, 4], counts: [2, 3], sum: 10, sumOfSquares: 30 };
  expect(record({ kind: 'histogram', step: 2 ** 40, time, name: 'lengths', histogram })).toBe(
    golden.histogram,
  );
});

test('settings for the hparams plugin', () => {
  expect(hex(hparamsEvent(time, 'g', new Map([['lr', 2e-5]])))).toContain(golden.session_start_info);
});
