import { expect, test } from 'vitest';
import { resolveEmbedding } from './embedding-config.js';
import { queryInstruction } from './query-instruction.js';

const required = { model_name_or_path: 'm', train_dataset: 't.jsonl' };
const read = (given: Record<string, unknown>) => {
  const settings = Object.entries({ ...required, ...given }).map(([key, value]) => ({
    key,
    value,
    where: 'f.yaml',
  }));
  const { config, sources } = resolveEmbedding([settings]);
  return queryInstruction(config, sources);
};

test('an instruction stands before queries, by itself or in a format', () => {
  expect(read({})).toBeUndefined();
  expect(read({ instruction: '' })).toBeUndefined();
  expect(read({ query_instruction_for_retrieval: '为这个句子生成表示：' })).toBe('为这个句子生成表示：');
  expect(read({ instruction: 'Find it', query_instruction_format: 'Instruct: {}\\nQuery: {}' })).toBe(
    'Instruct: Find it\nQuery: ',
  );
  expect(read({ instruction: 'Find it', query_instruction_format: '<instruct>{}\n<query>{}' })).toBe(
    '<instruct>Find it\n<query>',
  );
  expect(read({ query_instruction_format: '{}{}' })).toBeUndefined();
});

test.each([
  [{ query_instruction_format: 'Q: {}{}' }, 'expected instruction with it, got none'],
  [
    { instruction: 'a', query_instruction_format: 'Q: {}' },
    'expected a text with two {}, for instruction and query',
  ],
  [{ instruction: 'a', query_instruction_format: '{}{}{}' }, 'expected a text with two {}'],
  [
    { instruction: 'a', query_instruction_format: '<instruct>{}\n<query>{}\n<response>' },
    'expected it to end with the query\'s {}, got "\\n<response>" behind it',
  ],
  [
    { instruction: 'a', train_type: 'distill', train_dataset_vec: 'v.npy' },
    'expected rows of queries and passages, got texts alone',
  ],
])('%j is refused with its place', (given, message) => {
  expect(() => read(given)).toThrow(message);
  expect(() => read(given)).toThrow('f.yaml');
});
