import { expect, test } from 'vitest';
import { checkSettings, dimensionOf, linearProjection, ragRetrievalSettings } from './colbert-settings.js';

const settings = ragRetrievalSettings(linearProjection(16, 8, true));

test("RAG-Retrieval's lengths, or what the model has positions for", () => {
  expect([settings.query_length, settings.document_length]).toEqual([128, 512]);
  expect(ragRetrievalSettings(settings.projection, 64)).toMatchObject({
    query_length: 64,
    document_length: 64,
  });
  expect(dimensionOf(settings)).toBe(8);
  expect(checkSettings(settings, 16, 512)).toBe(settings);
});

test.each([
  [{ document_length: 513 }, 'document_length: expected a whole number of tokens from 4 to 512'],
  [{ query_length: 3 }, 'query_length: expected a whole number of tokens from 4 to 512'],
  [{ query_length: 12.5 }, 'got 12.5'],
  [{ projection: [] }, 'projection: expected at least one layer, got none'],
  [
    { projection: linearProjection(12, 8, true) },
    'expected a layer from 16 to a positive width, got 12 to 8',
  ],
  [{ projection: linearProjection(16, 0, true) }, 'got 16 to 0'],
  [
    { projection: [...linearProjection(16, 8, true), ...linearProjection(16, 8, true)] },
    'expected a layer from 8 to a positive width, got 16 to 8',
  ],
])('%j is refused', (wrong, message) => {
  expect(() => checkSettings({ ...settings, ...wrong }, 16, 512)).toThrow(message);
});
