import { expect, test } from 'vitest';
import { answerLikelihood } from './answer-likelihood.js';

const asked = { prompt: '月亮发光吗？\nAnswer: no light', answer: ' no light', perToken: false };
const reply = (tokens: unknown[], values: unknown[], more: object = {}) => ({
  choices: [{ text: `${asked.prompt} x`, logprobs: { tokens, token_logprobs: values } }],
  usage: { prompt_tokens: 5, completion_tokens: 1 },
  ...more,
});
const tokens = ['月亮发光吗？', '\nAnswer:', ' no', ' light', ' x'];

test('the sum over the answer alone: not the prompt, not what was generated', () => {
  const values = [null, -10, -1.5, -0.25, -100];
  expect(answerLikelihood(reply(tokens, values), asked)).toEqual({ score: -1.75 });
  expect(answerLikelihood(reply(tokens, values), { ...asked, perToken: true })).toEqual({ score: -0.875 });
  expect(answerLikelihood(reply(tokens, values, { usage: undefined }), asked)).toEqual({ score: -1.75 });
});

test('nothing generated', () => {
  const found = answerLikelihood(
    {
      choices: [
        { text: asked.prompt, logprobs: { tokens: tokens.slice(0, 4), token_logprobs: [null, -10, -1, -2] } },
      ],
    },
    asked,
  );
  expect(found).toEqual({ score: -3 });
});

test('a token that reaches into the answer is of it, and offsets do not matter', () => {
  const found = answerLikelihood(
    reply(['\u{fffd}', '\u{fffd}', '\nAnswer', ': no', ' light', ' x'], [null, -9, -9, -4, -2, -9]),
    asked,
  );
  expect(found).toEqual({ score: -6 });
});

test.each([
  ['no echo', { choices: [{ text: 'light', logprobs: null }] }, /echo/],
  ['no probabilities', { choices: [{ text: asked.prompt, logprobs: null }] }, /token_logprobs/],
  ['lists of two lengths', reply(tokens, [null]), /of one length/],
  ['a null', reply(tokens, [null, -1, -1, null, -1]), /a log-probability for " light", got null/],
  ['above 0', reply(tokens, [null, -1, -1, 2, -1]), /got 2/],
  ['other tokens', reply(['a', 'b', ' now', ' light', ' x'], [null, -1, -1, -1, -1]), /spell the answer/],
  [
    'a split character',
    reply(['a', ' no', ' l', '\u{fffd}', ' x'], [null, -1, -1, -1, -1]),
    /spell the answer/,
  ],
  ['too few tokens', reply([' light', ' x'], [-1, -1]), /spell the answer/],
  ['an empty token', reply(['a', '', ' x'], [-1, -1, -1]), /a text for every token/],
])('%s', (_, given, message) => {
  const verdict = answerLikelihood(given, asked);
  expect(verdict).toMatchObject({ fault: expect.stringMatching(message), isFinal: true });
});
