import { expect, test } from 'vitest';
import { answerForm, costOptions, type EndpointFlags, endpointTeacher } from './teacher-flags.js';

const flags: EndpointFlags = {
  endpoint: 'http://127.0.0.1:1/v1',
  teacher_model: 'm',
  logprobs: 'auto',
  top_logprobs: 20,
  concurrency: 4,
  timeout: 60,
};
const { logprobs } = flags;

test('forms of answers', () => {
  expect(answerForm({ logprobs })).toEqual({
    kind: 'labels',
    labels: new Map([
      ['yes', 1],
      ['no', 0],
    ]),
    logprobs,
  });
  const { labels } = answerForm({ logprobs, answers: ['A=b=1', ' Some =0.5', '无关=0'] }) as {
    labels: unknown;
  };
  expect(labels).toEqual(
    new Map([
      ['a=b', 1],
      ['some', 0.5],
      ['无关', 0],
    ]),
  );
  expect(answerForm({ logprobs, answer_range: ['-1', '10'] })).toEqual({ kind: 'number', low: -1, high: 10 });
});

test.each([
  [{ answers: ['yes'] }, /^--answers: expected label=score/],
  [{ answers: ['yes=2', 'no=0'] }, /"yes=2"/],
  [{ answers: ['=1', 'no=0'] }, /"=1"/],
  [{ answers: ['yes=1'] }, /two different labels or more, got yes/],
  [{ answers: ['yes=1', 'YES=0'] }, /two different labels/],
  [{ answer_range: ['1'] }, /^--answer_range: expected two numbers/],
  [{ answer_range: ['5', '1'] }, /the lower first/],
  [{ answer_range: ['0', 'x'] }, /got 0 x/],
  [{ answer_range: ['0', '1'], answers: ['yes=1', 'no=0'] }, /no --answers/],
])('%j', (given, message) => {
  expect(() => answerForm({ logprobs, ...given })).toThrow(message);
});

test('costs', () => {
  expect(costOptions(flags)).toBeUndefined();
  expect(costOptions({ ...flags, price_prompt: 1 })).toEqual({ promptPrice: 1, completionPrice: 0 });
  expect(costOptions({ ...flags, price_prompt: 1, price_completion: 2, max_cost: 3 })).toEqual({
    ...{ promptPrice: 1, completionPrice: 2, maxCost: 3 },
  });
  expect(() => costOptions({ ...flags, price_prompt: 1, max_cost: 3 })).toThrow(
    /^--max_cost: expected --price_prompt/,
  );
});

test('teachers', async () => {
  expect(await endpointTeacher(flags)).toMatchObject({
    concurrency: 4,
    readsAnswers: false,
    identity: { by: 'chat' },
  });
  const likelihood = await endpointTeacher({
    ...flags,
    likelihood: true,
    per_token: true,
    request: '{"seed":1}',
  });
  expect(likelihood).toMatchObject({ readsAnswers: true, identity: { perToken: true } });
  expect(likelihood.identity.request).toContain('"seed":1');
});

test.each([
  [{ teacher_model: undefined }, /^--teacher_model: expected/],
  [{ api_key_env: 'NONE' }, /^--api_key_env: expected an API key in the variable NONE, got none/],
  [{ prompt_file: 'no-such-file' }, /^--prompt_file: expected a file that can be read, got ENOENT/],
  [{ request: '[1]' }, /^--request: expected a JSON object/],
  [{ request: 'x' }, /^--request: expected a JSON object/],
  [{ per_token: true }, /^--per_token: expected --likelihood/],
  [{ likelihood: true, answers: ['a=1'] }, /^--likelihood: expected no --answers/],
])('%j', async (given, message) => {
  await expect(endpointTeacher({ ...flags, ...given } as EndpointFlags, {})).rejects.toThrow(message);
});
