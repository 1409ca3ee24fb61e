import { TokenizerError } from '../errors.js';
import { describe, type JsonObject, readArray, readObject, readString } from '../read-field.js';
import { renderChatTemplate } from './render-chat-template.js';

/** One turn of a conversation; templates say which roles there are, and may read further fields such as `tool_calls`. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

export interface ChatTemplateOptions {
  /** Ends with what begins the model's answer. */
  readonly addGenerationPrompt?: boolean;
  /** Functions the model may call, as JSON schemas. */
  readonly tools?: readonly unknown[];
  /** The name of one of several templates; default: `tool_use` where there are tools and a template of that name, else `default`. */
  readonly template?: string;
  /** Further variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

const FIELD = 'tokenizer_config.json chat_template';
const MAX_TEMPLATE = 1 << 20;

/** The templates of a tokenizer by name; chat_template.jinja comes before tokenizer_config.json, where one template is `default`. */
export function readChatTemplates(
  config: JsonObject,
  jinja: string | undefined,
): ReadonlyMap<string, string> {
  if (jinja !== undefined) return new Map([['default', jinja]]);
  const value = config.chat_template;
  if (value === undefined || value === null) return new Map();
  if (typeof value === 'string') return new Map([['default', readString(value, FIELD, MAX_TEMPLATE)]]);
  return new Map(
    readArray(value, FIELD, 64).map((entry, i) => {
      const { name, template } = readObject(entry, `${FIELD}[${i}]`);
      return [
        readString(name, `${FIELD}[${i}].name`),
        readString(template, `${FIELD}[${i}].template`, MAX_TEMPLATE),
      ];
    }),
  );
}

/**
 * A conversation as the text that a model reads, as transformers' `apply_chat_template(tokenize=False)`.
 * @throws TokenizerError where there is no such template, or it refuses the messages
 */
export function applyChatTemplate(
  templates: ReadonlyMap<string, string>,
  specialTokens: Readonly<Record<string, string>>,
  messages: readonly ChatMessage[],
  { addGenerationPrompt = false, tools, template, variables = {} }: ChatTemplateOptions,
): string {
  if (!Array.isArray(messages))
    throw new TokenizerError('messages', 'a list of { role, content }', describe(messages), 'pass a list');
  const name = template ?? (tools !== undefined && templates.has('tool_use') ? 'tool_use' : 'default');
  const source = templates.get(name);
  if (source === undefined) {
    const names = [...templates.keys()];
    throw new TokenizerError(
      'chat template',
      names.length === 0
        ? 'chat_template in tokenizer_config.json, or chat_template.jinja'
        : names.join(' or '),
      names.length === 0 ? 'neither' : JSON.stringify(name),
      names.length === 0 ? 'this model was not trained on conversations' : 'name one of them',
    );
  }
  return renderChatTemplate(source, {
    ...specialTokens,
    messages,
    tools: tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    ...variables,
  });
}
