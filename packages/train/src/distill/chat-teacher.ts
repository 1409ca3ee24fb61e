import type { Endpoint } from './endpoint.js';
import { defaultJudgePrompt, promptTemplate } from './prompt-template.js';
import { type AnswerForm, readVerdict } from './read-verdict.js';
import type { Teacher, TeacherPair, TokenUsage } from './teacher.js';

/** What a server's model is, and how it is asked. */
export interface ServedModel {
  /** As the server calls it. */
  readonly model: string;
  /** With `{query}` and `{content}`. */
  readonly prompt?: string;
  /** Requests at once. @default 8 */
  readonly concurrency?: number;
  /** More fields of each request, such as `chat_template_kwargs`. */
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface ChatTeacherOptions extends ServedModel {
  /** @default the labels yes, 1, and no, 0, by their probabilities where the server gives them */
  readonly answer?: AnswerForm;
  /** Alternatives per token that are asked for; OpenAI's servers give 20 at most. @default 20 */
  readonly topLogprobs?: number;
  /** Longest answer. @default 1 of labels by probabilities alone, else 16 */
  readonly maxTokens?: number;
}

const yesOrNo: AnswerForm = {
  kind: 'labels',
  labels: new Map([
    ['yes', 1],
    ['no', 0],
  ]),
  logprobs: 'auto',
};

/** A model behind `/chat/completions` that is asked about each passage; scores are in [0, 1]. @throws ConfigError for the template */
export function chatTeacher(endpoint: Endpoint, options: ChatTeacherOptions): Teacher {
  const { model, prompt = defaultJudgePrompt, concurrency = 8, body = {}, answer = yesOrNo } = options;
  const fill = promptTemplate('--prompt', prompt);
  const reads = answer.kind === 'labels' ? answer.logprobs : 'none';
  const { topLogprobs = 20, maxTokens = reads === 'required' ? 1 : 16 } = options;
  const fixed = {
    model,
    temperature: 0,
    max_tokens: maxTokens,
    ...(reads !== 'none' && { logprobs: true, top_logprobs: topLogprobs }),
    ...body,
  };
  return {
    identity: {
      by: 'chat',
      endpoint: endpoint.name,
      prompt,
      request: JSON.stringify(fixed),
      answer: JSON.stringify(answer.kind === 'labels' ? { ...answer, labels: [...answer.labels] } : answer),
    },
    batchSize: 1,
    concurrency,
    readsAnswers: false,
    mostTokens: (pair) => mostTokens(fill(pair), maxTokens),
    judge: async ([pair], signal) => {
      const messages = [{ role: 'user', content: fill(pair as TeacherPair) }];
      return [readVerdict(await endpoint.post('chat/completions', { ...fixed, messages }, signal), answer)];
    },
  };
}

/** What a chat template may put around a message. */
const templateTokens = 256;

/** No tokenizer in use makes more tokens than a text has bytes. */
export const mostTokens = (prompt: string, completionTokens: number): TokenUsage => ({
  promptTokens: new TextEncoder().encode(prompt).length + templateTokens,
  completionTokens,
});
