import { ConfigError, type FileSource, isJsonObject, readJson, readJsonObject } from '@rag/models';
import { type Tokenizer, TokenizerError } from '@rag/text';
import { fill, type PairTemplate } from './pair-template.js';
import type { AnswerTokens, StatedRerankerConfig } from './reranker-config.js';

/** Stand-ins for queries and passages that no template holds, and that one which escapes or cuts its texts would change. */
const QUERIES = ['query 1: "a" <b> \\ & {c}', 'another'] as const;
const PASSAGES = ['passage 1: "d" <e> \\ & {f}', "text's"] as const;

/**
 * What a CrossEncoder directory of sentence-transformers with a `LogitScore` module says of itself
 * (sentence_transformers/cross_encoder/modules/logit_score.py): the ids of its answers, and how its chat template writes one message of role
 * `query` and one of role `document`. undefined for any other directory.
 * @throws FileSourceError and ConfigError for malformed files, TokenizerError for a chat template that does not write both as they are
 */
export async function statedByModules(
  source: FileSource,
  tokenizer: Tokenizer,
): Promise<StatedRerankerConfig | undefined> {
  if (!(await source.list()).includes('modules.json')) return undefined;
  const modules = await readJson(source, 'modules.json');
  const scorer = (Array.isArray(modules) ? modules : []).find(
    (module: unknown) =>
      isJsonObject(module) && typeof module.type === 'string' && module.type.endsWith('.LogitScore'),
  ) as { path?: unknown } | undefined;
  if (typeof scorer?.path !== 'string') return undefined;
  return {
    template: chatTemplate(tokenizer, await chatVariables(source)),
    answer: await answerIds(source, `${scorer.path}/config.json`),
  };
}

/** The ids of the answers: `true_token_id`, and `false_token_id` where it is not null. */
async function answerIds(source: FileSource, path: string): Promise<AnswerTokens> {
  const { true_token_id, false_token_id } = await readJsonObject(source, path);
  const idOf = (key: string, value: unknown): number => {
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw new ConfigError(
      key,
      'the id of a token',
      value,
      'correct the file, or state the answer in reranker_config.json',
      path,
    );
  };
  const true_token = idOf('true_token_id', true_token_id);
  if (false_token_id === undefined || false_token_id === null) return { true_token };
  return { true_token, false_token: idOf('false_token_id', false_token_id) };
}

/** What sentence_bert_config.json hands to the chat template: `add_generation_prompt` and variables of its own. */
async function chatVariables(source: FileSource): Promise<Record<string, unknown>> {
  const settings = 'sentence_bert_config.json';
  if (!(await source.list()).includes(settings)) return {};
  const { processing_kwargs } = await readJsonObject(source, settings);
  const given = isJsonObject(processing_kwargs) ? processing_kwargs.chat_template : undefined;
  return isJsonObject(given) ? given : {};
}

/** A chat template that writes a pair, as the texts around query and passage. */
function chatTemplate(
  tokenizer: Tokenizer,
  { add_generation_prompt, ...variables }: Record<string, unknown>,
): PairTemplate {
  const written = (query: string, passage: string): string =>
    tokenizer.applyChatTemplate(
      [
        { role: 'query', content: query },
        { role: 'document', content: passage },
      ],
      { addGenerationPrompt: add_generation_prompt === true, variables },
    );
  const text = written(QUERIES[0], PASSAGES[0]);
  const [before, rest, ...again] = text.split(QUERIES[0]);
  const [between, after, ...twice] = (rest ?? '').split(PASSAGES[0]);
  if (between === undefined || after === undefined || again.length > 0 || twice.length > 0)
    throw refused(
      'a template that writes the message of role "query" and then that of role "document", once each and as they are',
      text,
    );
  if (before!.includes('{}')) throw refused('a template without {} before the query', before!);
  const template: PairTemplate = {
    before: '',
    query_format: `${before}{}`,
    seq: between,
    document_format: '{}',
    special_token: after,
    joint: true,
  };
  const other = written(QUERIES[1], PASSAGES[1]);
  if (other !== fill(template.query_format, QUERIES[1]) + between + PASSAGES[1] + after)
    throw refused('a template that writes the same around every query and document', other);
  return template;
}

const refused = (expected: string, text: string): TokenizerError =>
  new TokenizerError(
    'chat_template',
    expected,
    JSON.stringify(text.slice(0, 200)),
    'pass the option template',
  );
