import type { FlatValue } from './flat-config.js';
import type { ArtifactReference, Histogram, Outcome, TrackedEntry } from './tracker.js';
import { double, float, int, joinBytes, message, packedDoubles, string } from './wire-format.js';

// Field numbers: tensorflow/core/util/event.proto, tensorflow/core/framework/{summary,tensor}.proto,
// tensorboard/plugins/hparams/plugin_data.proto.

/** An Event; `time` in milliseconds since 1970. */
const event = (time: number, ...fields: Uint8Array[]): Uint8Array =>
  joinBytes([double(1, time / 1000), ...fields]);

/** The first event of a file. */
export const versionEvent = (time: number): Uint8Array => event(time, string(3, 'brain.Event:2'));

/** Readers drop what earlier files of the directory hold of this step and later ones. */
export const restartEvent = (time: number, step: number): Uint8Array =>
  event(time, int(2, step), message(7, int(1, 1)));

/** What an entry is as a summary; none where a reference to a file is nothing but text. */
export function entryEvent(entry: TrackedEntry): Uint8Array {
  const { step, time } = entry;
  return event(time, int(2, step), message(5, ...valuesOf(entry)));
}

function valuesOf(entry: TrackedEntry): Uint8Array[] {
  switch (entry.kind) {
    case 'scalars':
      return Object.entries(entry.values).map(([tag, value]) => message(1, string(1, tag), float(2, value)));
    case 'text':
      return [textValue(entry.name, entry.text)];
    case 'histogram':
      return [message(1, string(1, entry.name), message(5, ...histogramFields(entry.histogram)))];
    case 'artifact':
      return [textValue(`artifacts/${entry.name}`, referenceText(entry))];
  }
}

const referenceText = ({ type, uri }: ArtifactReference): string => `${type}: ${uri}`;

/** A tensor of one string, shown by the text plugin. */
function textValue(tag: string, text: string): Uint8Array {
  const dtString = 7;
  const oneElement = message(2, message(2, int(1, 1)));
  return message(
    1,
    string(1, tag),
    message(8, int(1, dtString), oneElement, string(8, text)),
    message(9, message(1, string(1, 'text'))),
  );
}

/** HistogramProto; each bucket has its upper bound. */
function histogramFields({ edges, counts, sum, sumOfSquares }: Histogram): Uint8Array[] {
  const count = counts.reduce((total, each) => total + each, 0);
  return [
    double(1, edges[0] ?? 0),
    double(2, edges.at(-1) ?? 0),
    double(3, count),
    double(4, sum),
    double(5, sumOfSquares),
    packedDoubles(6, edges.slice(1)),
    packedDoubles(7, counts),
  ];
}

/** A summary value of the hparams plugin. */
const hparamsValue = (tag: string, data: Uint8Array): Uint8Array =>
  message(
    5,
    message(
      1,
      string(1, tag),
      // The plugin reads the metadata; the tensor is one float 0.
      message(8, int(1, 1), message(2, message(2, int(1, 1))), packedFloatZero),
      message(9, message(1, string(1, 'hparams'), message(2, data))),
    ),
  );

const packedFloatZero = message(5, new Uint8Array(4));

/** The settings of a run, for the HPARAMS page. */
export function hparamsEvent(
  time: number,
  group: string,
  settings: ReadonlyMap<string, FlatValue>,
): Uint8Array {
  const entries = [...settings].map(([name, value]) =>
    message(1, string(1, name), message(2, anyValue(value))),
  );
  const session = message(3, ...entries, string(4, group), double(5, time / 1000));
  return event(time, hparamsValue('_hparams_/session_start_info', session));
}

/** google.protobuf.Value; a number that JSON has not is its name. */
const anyValue = (value: FlatValue): Uint8Array =>
  typeof value === 'boolean'
    ? int(4, Number(value))
    : typeof value === 'number' && Number.isFinite(value)
      ? double(2, value)
      : string(3, String(value));

/** Status of tensorboard/plugins/hparams/api.proto. */
const statuses = { finished: 1, failed: 2 } as const;

/** How the run ended, for the HPARAMS page. */
export const endEvent = (time: number, outcome: Exclude<Outcome, 'interrupted'>): Uint8Array =>
  event(
    time,
    hparamsValue('_hparams_/session_end_info', message(4, int(1, statuses[outcome]), double(2, time / 1000))),
  );
