import { expect, test } from 'vitest';
import { resolveColbert } from '../config/colbert-config.js';
import { settingsOf } from '../config/resolve.js';
import { colbertInstruction } from './colbert-instruction.js';

const resolved = (options: object) =>
  resolveColbert([settingsOf({ modelNameOrPath: 'm', trainDataset: 'd', ...options })]);
const own = { layout: 'rag-retrieval', query_instruction: 'own: ' } as const;

test.each([
  [{}, { layout: 'rag-retrieval' }, undefined, []],
  [{}, own, 'own: ', ['instruction: "own: " before each query, as the model has it']],
  [{ instruction: 'new: ' }, own, 'new: ', ['instruction: "new: " before each query']],
  [
    { instruction: 'new', queryInstructionFormat: '{}: {}' },
    { layout: 'rag-retrieval' },
    'new: ',
    ['instruction: "new: " before each query'],
  ],
  [{ instruction: '' }, own, undefined, []],
  [{}, { layout: 'pylate' }, undefined, []],
] as const)('%j of a model of %j is %j', (options, settings, expected, lines) => {
  const said: string[] = [];
  expect(colbertInstruction(resolved(options), settings, (line) => said.push(line))).toBe(expected);
  expect(said).toEqual(lines);
});

test('layouts of others have no place for it', () => {
  for (const layout of ['pylate', 'colbertv2'] as const)
    expect(() => colbertInstruction(resolved({ instruction: 'a' }), { layout }, () => {})).toThrow(
      `expected no instruction for a model of ${layout}'s layout, which puts none before queries by itself, got "a" — write it to the rows as prompt_for_query, or start from an encoder`,
    );
});
