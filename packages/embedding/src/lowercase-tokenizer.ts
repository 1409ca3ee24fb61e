import { ConfigError, isJsonObject } from '@rag/models';
import type { TokenizerTexts } from '@rag/text';

/**
 * The tokenizer's files with a Lowercase in front of every other normalizer, as sentence-transformers puts it there for
 * `do_lower_case`; special tokens that a text spells keep their case.
 * @throws ConfigError for a tokenizer.json without the right shape, SyntaxError for one that is no JSON
 */
export function lowercaseTokenizer(files: TokenizerTexts): TokenizerTexts {
  const { 'tokenizer.json': text, 'tokenizer_config.json': settings = '{}' } = files;
  if (text === undefined)
    return {
      ...files,
      'tokenizer_config.json': JSON.stringify({
        ...parse(settings, 'tokenizer_config.json'),
        do_lower_case: true,
      }),
    };
  const json = parse(text, 'tokenizer.json');
  const { normalizer = null } = json;
  const inner =
    isJsonObject(normalizer) && normalizer.type === 'Sequence' ? normalizer.normalizers : [normalizer];
  if (!Array.isArray(inner))
    throw new ConfigError('normalizer.normalizers', 'a list', inner, 'correct the file', 'tokenizer.json');
  if (inner.some((step) => isJsonObject(step) && step.type === 'Lowercase')) return files;
  const normalizers = [{ type: 'Lowercase' }, ...inner.filter((step) => step !== null)];
  return {
    ...files,
    'tokenizer.json': JSON.stringify({ ...json, normalizer: { type: 'Sequence', normalizers } }),
  };
}

function parse(text: string, where: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${where}: expected JSON, got ${(cause as Error).message} — fetch the file again`, {
      cause,
    });
  }
  if (!isJsonObject(json))
    throw new ConfigError('(file)', 'a JSON object', json, 'fetch the file again', where);
  return json;
}
