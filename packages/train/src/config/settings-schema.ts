import { z } from 'zod';
import type { Option, OptionTable } from './option.js';

/** A JSON Schema, as an object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The name under which `--print-schema` of a task is meant to be kept beside its YAML files. */
export const schemaFile = (task: string): string => `rag-${task}.schema.json`;

/**
 * The keys of a task's YAML files as a JSON Schema (draft 2020-12), for editors: every spelling, its values, default and meaning. `null` leaves a
 * key at its default, an unknown key is an error.
 */
export function settingsSchema(task: string, table: OptionTable): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const [key, entry] of Object.entries(table)) {
    const schema = valueSchema(entry);
    properties[key] = {
      description: entry.about,
      ...(entry.default !== undefined && { default: entry.default }),
      ...schema,
    };
    for (const alias of entry.aliases)
      properties[alias] = { description: `${key}: ${entry.about}`, ...schema };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `rag train ${task}`,
    description: `settings of rag train ${task}`,
    type: 'object',
    properties,
    additionalProperties: false,
  };
}

/** What a file may give for a setting. */
function valueSchema({ kind }: Option): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(kind.schema, {
    io: 'input',
    unrepresentable: 'any',
    // Of lists that code does not change; editors would take it for a value that nobody may write.
    override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
  });
  return { anyOf: [...(Array.isArray(schema.anyOf) ? schema.anyOf : [schema]), { type: 'null' }] };
}
