import { afterEach, expect, test } from 'vitest';
import { serveTeacher, type TeacherServer } from '../testing/teacher-server.js';
import { chatTeacher } from './chat-teacher.js';
import { openEndpoint } from './endpoint.js';

let server: TeacherServer | undefined;
afterEach(() => server?.close());
const { signal } = new AbortController();
const pair = { query: 'why is the sky blue', content: '空气散射蓝光' };

test('asks with the prompt, and reads the probabilities of yes and no', async () => {
  server = await serveTeacher({ relevance: (prompt) => (prompt.includes(pair.content) ? 0.8 : 0.1) });
  const teacher = chatTeacher(openEndpoint({ endpoint: server.url }), {
    model: 'judge',
    body: { chat_template_kwargs: { enable_thinking: false } },
  });
  const [verdict] = await teacher.judge([pair], signal);
  expect(verdict).toMatchObject({
    score: expect.closeTo(0.8, 9),
    by: 'logprobs',
    usage: { completionTokens: 1 },
  });
  expect(server.requests[0]!.body).toEqual({
    model: 'judge',
    temperature: 0,
    max_tokens: 16,
    logprobs: true,
    top_logprobs: 20,
    chat_template_kwargs: { enable_thinking: false },
    messages: [{ role: 'user', content: expect.stringMatching(/why is the sky blue.*空气散射蓝光/s) }],
  });
  expect(server.requests[0]!.authorization).toBeUndefined();
  expect(verdict!.usage!.promptTokens).toBeLessThan(teacher.mostTokens!(pair).promptTokens);
});

test('reads the text of a server without probabilities; asks for none where none are read', async () => {
  server = await serveTeacher({ logprobs: false, text: () => '7' });
  const endpoint = openEndpoint({ endpoint: server.url });
  expect(await chatTeacher(endpoint, { model: 'm' }).judge([pair], signal)).toMatchObject([
    { fault: 'expected yes or no, got "7"' },
  ]);
  const numbers = chatTeacher(endpoint, { model: 'm', answer: { kind: 'number', low: 0, high: 10 } });
  expect(await numbers.judge([pair], signal)).toMatchObject([{ score: 0.7, by: 'text' }]);
  expect(server.requests[1]!.body).not.toHaveProperty('logprobs');
});

test('its identity is all that an answer depends on, and no secret', async () => {
  const endpoint = openEndpoint({ endpoint: 'http://127.0.0.1:1/v1?key=hidden' });
  const identities = [
    { model: 'm' },
    { model: 'n' },
    { model: 'm', prompt: '{query} {content}' },
    { model: 'm', body: { seed: 1 } },
    { model: 'm', answer: { kind: 'number', low: 0, high: 1 } as const },
    { model: 'm', maxTokens: 2 },
  ].map((options) => JSON.stringify(chatTeacher(endpoint, options).identity));
  expect(new Set(identities).size).toBe(6);
  expect(identities.join()).not.toContain('hidden');
  expect(() => chatTeacher(endpoint, { model: 'm', prompt: '{query}' })).toThrow('{content}');
});
