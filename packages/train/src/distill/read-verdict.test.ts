import { expect, test } from 'vitest';
import { type AnswerForm, readVerdict } from './read-verdict.js';

const labels = new Map([
  ['yes', 1],
  ['no', 0],
]);
const form = (logprobs: 'auto' | 'required' | 'none' = 'auto'): AnswerForm => ({
  kind: 'labels',
  labels,
  logprobs,
});
const said = (content: unknown) => ({ choices: [{ message: { content } }] });
const alternatives = (...top: (readonly [string, number])[]) => ({
  choices: [
    {
      message: { content: 'said otherwise' },
      logprobs: {
        content: [
          { token: '\n', top_logprobs: [{ token: '\n', logprob: 0 }] },
          { token: top[0]?.[0], top_logprobs: top.map(([token, p]) => ({ token, logprob: Math.log(p) })) },
        ],
      },
    },
  ],
});

test('P(yes) / (P(yes) + P(no)) over all spellings of the first token that is not blank', () => {
  const verdict = readVerdict(
    alternatives(['Yes', 0.3], [' yes', 0.2], ['YES.', 0.1], ['No', 0.2], ['Well', 0.2]),
    form(),
  );
  expect(verdict).toMatchObject({ by: 'logprobs', score: expect.closeTo(0.75, 12) });
});

test('graded labels give the mean of their scores', () => {
  const graded = new Map([
    ['high', 1],
    ['some', 0.5],
    ['none', 0],
  ]);
  const verdict = readVerdict(alternatives(['high', 0.4], ['some', 0.4], ['none', 0.2]), {
    kind: 'labels',
    labels: graded,
    logprobs: 'required',
  });
  expect(verdict).toMatchObject({ score: expect.closeTo(0.6, 12) });
});

test('labels with little probability, or one that is not listed where much is not, are faults', () => {
  expect(readVerdict(alternatives(['Well', 0.6], ['yes', 0.4]), form())).toEqual({
    fault: 'expected yes or no as the first token, got them with 40 % of the probability, "Well" first',
  });
  expect(readVerdict(alternatives(['yes', 0.6]), form())).toMatchObject({
    fault: 'expected the probability of no, got 40 % without a name',
  });
  expect(readVerdict(alternatives(['yes', 0.95]), form())).toMatchObject({ score: 1 });
});

test.each([[Number.NaN], [1.5], ['x']])('log-probabilities that are none: %s', (value) => {
  const reply = alternatives(['yes', 0.9]);
  reply.choices[0]!.logprobs.content[1]!.top_logprobs[0]!.logprob = value as number;
  expect(readVerdict(reply, form())).toHaveProperty('fault');
});

test.each([
  ['yes', 1],
  [' No.\n', 0],
  ['YES。', 1],
])('without probabilities the text %j counts', (text, score) => {
  expect(readVerdict(said(text), form())).toEqual({ score, by: 'text' });
  expect(readVerdict(said(text), form('required'))).toEqual({
    fault: 'expected "logprobs" with "top_logprobs", got none',
    isFinal: true,
  });
});

test('a list of alternatives that is empty is none; probabilities are not read where they are not wanted', () => {
  const reply = alternatives(['yes', 1]);
  expect(readVerdict(reply, form('none'))).toHaveProperty(
    'fault',
    'expected yes or no, got "said otherwise"',
  );
  reply.choices[0]!.logprobs.content[1]!.top_logprobs = [];
  expect(readVerdict(reply, form())).toHaveProperty('fault', 'expected yes or no, got "said otherwise"');
});

test.each(['', 'Yes, because', 'yesno', 'maybe', null, 1, ['yes']])('%j is no answer', (text) => {
  expect(readVerdict(said(text), form())).toHaveProperty('fault');
});

test.each([{}, { choices: [] }, { choices: 'yes' }, { choices: [null] }, { choices: [{}] }])(
  '%j is no answer',
  (reply) => expect(readVerdict(reply, form())).toHaveProperty('fault'),
);

test('numbers of a range become 0 to 1, and nothing else does', () => {
  const range: AnswerForm = { kind: 'number', low: 1, high: 5 };
  const score = (text: string) => readVerdict(said(text), range);
  expect(score(' 4 ')).toEqual({ score: 0.75, by: 'text' });
  expect(score('2.5.')).toEqual({ score: 0.375, by: 'text' });
  for (const text of ['0', '6', '4/5', 'Score: 4', '1e0', '', 'NaN', '-1', '４'])
    expect(score(text)).toMatchObject({
      fault: `expected a number from 1 to 5, got ${JSON.stringify(text)}`,
    });
});

test('usage comes with a score and with a fault', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 1 };
  for (const text of ['yes', 'well'])
    expect(readVerdict({ ...said(text), usage }, form()).usage).toEqual({
      promptTokens: 7,
      completionTokens: 1,
    });
  for (const odd of [{ prompt_tokens: -1 }, { prompt_tokens: 0.5 }, { prompt_tokens: '7' }, null])
    expect(readVerdict({ ...said('yes'), usage: odd }, form())).not.toHaveProperty('usage');
});
