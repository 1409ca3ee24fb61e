import { expect, test } from 'vitest';
import { checkSettings, type EncodeSettings, formatNote, parseNote } from './progress-note.js';

const note = { rows: 2048, lines: 2050, linesHash: 'ab', bytes: 99, settings: { model: 'm', dim: 3 } };

test('a note comes back', () => {
  expect(parseNote('n', formatNote(note), 1024)).toMatchObject(note);
});

test.each([
  ['{', 'n: expected JSON, got "{" — pass --overwrite to begin again'],
  ['null', 'n: expected version 1 of the note, got undefined'],
  [formatNote({ ...note, rows: -1024 }), 'n: expected "rows" to be a whole number from 1, got -1024'],
  [formatNote({ ...note, rows: 2049 }), 'n: expected "rows" to be a multiple of 1024, got 2049'],
  [formatNote({ ...note, bytes: 1.5 }), 'n: expected "bytes" to be a whole number from 1, got 1.5'],
  [formatNote({ ...note, lines: 1e300 }), 'n: expected "lines" to be a whole number from 1'],
  [formatNote({ ...note, linesHash: 3 as unknown as string }), 'n: expected "linesHash" to be a text, got 3'],
  [
    formatNote({ ...note, settings: null as unknown as EncodeSettings }),
    'n: expected "settings" to be an object, got null',
  ],
])('%s: %s', (text, message) => {
  expect(() => parseNote('n', text, 1024)).toThrow(message);
});

test('settings that differ are named', () => {
  expect(() => checkSettings('n', { a: 1, b: true }, { b: true, a: 1 })).not.toThrow();
  expect(() => checkSettings('n', { a: 1, b: 'x' }, { a: 1, b: 'y' })).toThrow(
    'n: expected b "x", with which the file was begun, got "y" — give it again, or pass --overwrite to begin again',
  );
  expect(() => checkSettings('n', { a: 1 }, { a: 1, prompt: 'p' })).toThrow('n: expected prompt none, with');
  expect(() => checkSettings('n', { a: 1, dim: 2 }, { a: 1 })).toThrow(
    'n: expected dim 2, with which the file was begun, got none',
  );
});
