import { afterEach, expect, test } from 'vitest';
import { serveTeacher, type TeacherServer } from '../testing/teacher-server.js';
import { openEndpoint } from './endpoint.js';
import { likelihoodTeacher } from './likelihood-teacher.js';

let server: TeacherServer | undefined;
afterEach(() => server?.close());
const { signal } = new AbortController();

test('a passage that makes the answer likelier gets more', async () => {
  server = await serveTeacher({ tokenLogprob: (_, prompt) => (prompt.includes('reflects') ? -0.5 : -2) });
  const teacher = likelihoodTeacher(openEndpoint({ endpoint: server.url }), { model: 'lm' });
  const ask = async (content: string) =>
    (await teacher.judge([{ query: 'does the moon shine', content, answer: 'no, it does not' }], signal))[0];
  expect(await ask('It reflects light.')).toMatchObject({ score: -2, usage: { completionTokens: 1 } });
  expect(await ask('It is far.')).toMatchObject({ score: -8 });
  const [{ route, body }] = server.requests as [TeacherServer['requests'][0]];
  expect([route, body]).toEqual([
    'completions',
    {
      model: 'lm',
      prompt: 'It reflects light.\n\nQuestion: does the moon shine\nAnswer: no, it does not',
      max_tokens: 1,
      temperature: 0,
      echo: true,
      logprobs: 1,
    },
  ]);
  const mean = likelihoodTeacher(openEndpoint({ endpoint: server.url }), { model: 'lm', perToken: true });
  expect(await mean.judge([{ query: 'q', content: 'c', answer: 'a b' }], signal)).toMatchObject([
    { score: -2 },
  ]);
  expect(mean.identity).not.toEqual(teacher.identity);
  expect(mean.readsAnswers).toBe(true);
});
