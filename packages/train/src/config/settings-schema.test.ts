import { expect, test } from 'vitest';
import { colbertOptions } from './colbert-options.js';
import { embeddingOptions } from './embedding-options.js';
import { rerankerOptions } from './reranker-options.js';
import { spellings } from './resolve.js';
import { settingsSchema } from './settings-schema.js';

interface Property {
  readonly description: string;
  readonly default?: unknown;
  readonly anyOf: readonly Record<string, unknown>[];
}
const propertiesOf = (schema: ReturnType<typeof settingsSchema>) =>
  schema.properties as Record<string, Property>;

test.each([
  ['reranker', rerankerOptions],
  ['embedding', embeddingOptions],
  ['colbert', colbertOptions],
])('the schema of %s has every spelling, its default and its values', (task, table) => {
  const schema = settingsSchema(task, table);
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
  const properties = propertiesOf(schema);
  expect(Object.keys(properties).sort()).toEqual(spellings(table).sort());
  for (const [key, entry] of Object.entries(table)) {
    expect(properties[key]!.description).toBe(entry.about);
    expect(properties[key]!.default).toEqual(entry.default);
    for (const name of [key, ...entry.aliases]) {
      const kinds = properties[name]!.anyOf;
      // A kind that says nothing would let everything through.
      expect(kinds.every((kind) => Object.keys(kind).length > 0)).toBe(true);
      expect(kinds.at(-1)).toEqual({ type: 'null' });
    }
  }
});

test('numbers have their bounds, names are listed with their other spellings, a path may be a list', () => {
  const properties = propertiesOf(settingsSchema('reranker', rerankerOptions));
  expect(properties.lr!.anyOf[0]).toEqual({ type: 'number', exclusiveMinimum: 0 });
  expect(properties.batch_size!.anyOf[0]).toMatchObject({ type: 'integer', minimum: 1 });
  expect(properties.loss_type!.anyOf[0]!.enum).toContain('classfication');
  expect(properties.dataset!.anyOf).toEqual([
    { type: 'string', minLength: 1 },
    { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
    { type: 'null' },
  ]);
});
