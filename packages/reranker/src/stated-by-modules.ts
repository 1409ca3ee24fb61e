import { type FileSource, isJsonObject, readJson, readJsonObject } from '@rag/models';
import { type Tokenizer, TokenizerError } from '@rag/text';
import type { PairTemplate } from './pair-template.js';
import type { StatedRerankerConfig } from './reranker-config.js';

/** Stand-ins for a query and a passage that no template holds. */
const QUERY = 'QUERY';
const PASSAGE = 'PASSAGE';

/**
 * What a CrossEncoder directory of sentence-transformers with a `LogitScore` module says of itself
 * (sentence_transformers/cross_encoder/modules/logit_score.py): the ids of its answers, and how its chat template writes one message of role
 * `query` and one of role `document`. undefined for any other directory.
 * @throws FileSourceError for malformed files, TokenizerError for a chat template that does not write both
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
  const { true_token_id, false_token_id } = await readJsonObject(source, `${scorer.path}/config.json`);
  return {
    template: chatTemplate(tokenizer, await chatVariables(source)),
    answer: {
      true_token: true_token_id as number,
      ...(typeof false_token_id === 'number' && { false_token: false_token_id }),
    },
  };
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
  const text = tokenizer.applyChatTemplate(
    [
      { role: 'query', content: QUERY },
      { role: 'document', content: PASSAGE },
    ],
    { addGenerationPrompt: add_generation_prompt === true, variables },
  );
  const [before, rest, ...again] = text.split(QUERY);
  const [between, after, ...twice] = (rest ?? '').split(PASSAGE);
  if (between === undefined || after === undefined || again.length > 0 || twice.length > 0)
    throw new TokenizerError(
      'chat_template',
      'a template that writes the message of role "query" and then that of role "document", once each',
      JSON.stringify(text.slice(0, 200)),
      'pass the option template',
    );
  return {
    before: '',
    query_format: `${before}{}`,
    seq: between,
    document_format: '{}',
    special_token: after,
    joint: true,
  };
}
