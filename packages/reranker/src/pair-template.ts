import { isJsonObject, OptionError } from '@rag/models';

/** What stands around a query and a passage in the one text that a decoder reads; `{}` is the place of each. */
export interface PairTemplate {
  /** Before everything, such as a chat's system message. */
  readonly before: string;
  readonly query_format: string;
  /** Between query and passage. */
  readonly seq: string;
  readonly document_format: string;
  /** After everything: the last token's hidden state is read. */
  readonly special_token: string;
  /** Whether query, `seq` and passage are one text to the tokenizer; otherwise each part is tokenized alone. */
  readonly joint: boolean;
}

/**
 * The defaults of `LLMDecoder.from_pretrained` of RAG-Retrieval (rag_retrieval/train/reranker/model_llm.py), whose checkpoints do not
 * say how their pairs were written.
 */
export const SCALAR_TEMPLATE: PairTemplate = {
  before: '',
  query_format: 'query: {}',
  seq: ' ',
  document_format: 'document: {}',
  special_token: '</s>',
  joint: false,
};

/** The question of bge-reranker-v2-gemma and bge-reranker-v2-minicpm-layerwise (FlagEmbedding/inference/reranker/decoder_only/base.py). */
export const YES_OR_NO =
  "Given a query A and a passage B, determine whether the passage contains an answer to the query by providing a prediction of either 'Yes' or 'No'.";

/** How FlagEmbedding writes pairs for a decoder, with `prompt` as the question. */
export const bgeTemplate = (prompt: string = YES_OR_NO): PairTemplate => ({
  before: '',
  query_format: 'A: {}',
  seq: '\n',
  document_format: 'B: {}',
  special_token: `\n${prompt}`,
  joint: false,
});

/** The instruction that Qwen3-Reranker's card has for web search. */
export const WEB_SEARCH = 'Given a web search query, retrieve relevant passages that answer the query';

/**
 * How Qwen3-Reranker reads pairs (its model card): a chat without thinking whose answer is "yes" or "no".
 * @throws OptionError for an instruction that holds a query's place
 */
export function qwen3Template(instruction: string = WEB_SEARCH): PairTemplate {
  if (instruction.includes('{}'))
    throw new OptionError(
      'instruction',
      `expected a text without {}, the place of the query behind it, got ${JSON.stringify(instruction)}`,
      'pass the option template to write pairs otherwise',
    );
  return {
    before:
      '<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n',
    query_format: `<Instruct>: ${instruction}\n<Query>: {}`,
    seq: '\n',
    document_format: '<Document>: {}',
    special_token: '<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
    joint: true,
  };
}

/**
 * A template that asks as its family does, with another instruction.
 * @param family the family's template around an instruction
 * @param taken fields that something else gives, none of which may hold the instruction
 * @throws OptionError for a template that is not the family's, so that nobody knows where its instruction stands
 */
export function withInstruction(
  template: PairTemplate,
  family: (instruction: string) => PairTemplate,
  instruction: string,
  taken: Partial<PairTemplate> = {},
): PairTemplate {
  const mark = '\u0000';
  const marked = family(mark);
  const field = TEXTS.find((key) => marked[key].includes(mark))!;
  const [before, after] = marked[field].split(mark) as [string, string];
  const text = template[field];
  const isFamily =
    TEXTS.every((key) => key === field || template[key] === marked[key]) &&
    template.joint === marked.joint &&
    text.length >= before.length + after.length &&
    text.startsWith(before) &&
    text.endsWith(after);
  if (!isFamily)
    throw new OptionError(
      'instruction',
      `expected a model that writes pairs as its family does, got one whose files state another template, with ${field} ${JSON.stringify(text)}`,
      'state the texts around query and passage instead',
    );
  if (taken[field] !== undefined)
    throw new OptionError(
      'instruction',
      `expected it or ${field}, got both`,
      `write the instruction into ${field}`,
    );
  return { ...template, [field]: family(instruction)[field] };
}

const TEXTS = ['before', 'query_format', 'seq', 'document_format', 'special_token'] as const;

/**
 * A template from a file or from options, laid over another.
 * @throws OptionError for unknown fields, for what is no text and for formats without exactly one `{}`
 */
export function readPairTemplate(given: unknown, over: PairTemplate, where: string): PairTemplate {
  if (!isJsonObject(given))
    throw new OptionError(where, `expected an object of ${TEXTS.join(', ')} and joint`, 'give one');
  for (const [key, value] of Object.entries(given)) {
    const wanted =
      key === 'joint' ? 'boolean' : (TEXTS as readonly string[]).includes(key) ? 'string' : undefined;
    if (wanted === undefined)
      throw new OptionError(
        `${where}.${key}`,
        `expected one of ${TEXTS.join(', ')} or joint, got "${key}"`,
        'correct its name',
      );
    if (typeof value !== wanted)
      throw new OptionError(
        `${where}.${key}`,
        `expected a ${wanted}, got ${JSON.stringify(value)}`,
        'correct it',
      );
  }
  const template = { ...over, ...given } as PairTemplate;
  for (const key of ['query_format', 'document_format'] as const)
    if (template[key].split('{}').length !== 2)
      throw new OptionError(
        `${where}.${key}`,
        `expected a text with one {} in the place of the ${key === 'query_format' ? 'query' : 'passage'}, got ${JSON.stringify(template[key])}`,
        'write it as "query: {}"',
      );
  return template;
}

/** A format with its text in place. */
export const fill = (format: string, text: string): string => {
  const [before, after] = format.split('{}') as [string, string];
  return before + text + after;
};
