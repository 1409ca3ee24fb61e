import { answerLikelihood } from './answer-likelihood.js';
import { mostTokens, type ServedModel } from './chat-teacher.js';
import type { Endpoint } from './endpoint.js';
import { defaultAnswerPrompt, promptTemplate } from './prompt-template.js';
import { readUsage } from './read-answer.js';
import type { Teacher, TeacherPair } from './teacher.js';

export interface LikelihoodTeacherOptions extends ServedModel {
  /** Divide by the number of the answer's tokens. @default false */
  readonly perToken?: boolean;
}

/**
 * A language model behind `/completions` whose score of a passage is log P(answer | passage, query), natural, at most 0: the
 * labels of REPLUG (Shi et al. 2023, https://arxiv.org/abs/2301.12652, section 4), where softmax(scores / γ) over the passages of
 * a query is the target. The server must echo prompts with their log-probabilities (`echo` and `logprobs`), as vLLM and
 * llama-cpp-python do.
 * @throws ConfigError for the template
 */
export function likelihoodTeacher(endpoint: Endpoint, options: LikelihoodTeacherOptions): Teacher {
  const { model, prompt = defaultAnswerPrompt, concurrency = 8, body = {}, perToken = false } = options;
  const fill = promptTemplate('--prompt', prompt);
  // One token is asked for: some servers refuse 0, others take it for no limit.
  const fixed = { model, max_tokens: 1, temperature: 0, echo: true, logprobs: 1, ...body };
  const answerOf = ({ answer }: TeacherPair): string => ` ${answer ?? ''}`;
  return {
    identity: {
      by: 'likelihood',
      endpoint: endpoint.name,
      prompt,
      perToken,
      request: JSON.stringify(fixed),
    },
    batchSize: 1,
    concurrency,
    readsAnswers: true,
    mostTokens: (pair) => mostTokens(fill(pair) + answerOf(pair), 1),
    judge: async ([pair], signal) => {
      const answer = answerOf(pair as TeacherPair);
      const text = fill(pair as TeacherPair) + answer;
      const reply = await endpoint.post('completions', { ...fixed, prompt: text }, signal);
      const usage = readUsage(reply);
      return [
        {
          ...answerLikelihood(reply, { prompt: text, answer, perToken }),
          ...(usage && { usage }),
        },
      ];
    },
  };
}
