import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../distill/clock.js';

/** What goes wrong with one request. */
export type ServerFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection ends before an answer, within one, or never gives one. */
  | 'no-answer'
  | 'cut'
  | 'silent'
  /** Status 200 with this body. */
  | { readonly body: string };

/** A request as it came. */
export interface ServedRequest {
  readonly route: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

/** A server with the routes of OpenAI's that teachers use. */
export interface TeacherServer {
  /** Ends in `/v1`. */
  readonly url: string;
  readonly requests: readonly ServedRequest[];
  /** For the next requests, one each. */
  fail(...faults: ServerFault[]): void;
  /** Resolves when a request came that gets no answer. */
  readonly silence: Promise<void>;
  close(): Promise<void>;
}

export interface TeacherServerOptions {
  /** P(yes) of a prompt. */
  readonly relevance?: (prompt: string) => number;
  /** The text of an answer; without it yes or no, by the relevance. */
  readonly text?: (prompt: string) => string;
  /** @default true */
  readonly logprobs?: boolean;
  /** @default true */
  readonly usage?: boolean;
  /** Log-probability of a token of an echoed prompt. @default −its length */
  readonly tokenLogprob?: (token: string, prompt: string) => number;
}

/** Serves on a free port. */
export async function serveTeacher(options: TeacherServerOptions = {}): Promise<TeacherServer> {
  const requests: ServedRequest[] = [];
  const faults: ServerFault[] = [];
  let tellSilence = (): void => {};
  const silence = new Promise<void>((resolve) => {
    tellSilence = resolve;
  });
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await textOf(request)) as Record<string, unknown>;
    const route = request.url!.replace('/v1/', '');
    requests.push({ route, body, authorization: request.headers.authorization });
    const fault = faults.shift();
    if (fault === undefined) return answer(response, JSON.stringify(replyTo(route, body, options)));
    if (fault === 'silent') return tellSilence();
    if (fault === 'no-answer') return void request.socket.destroy();
    if (fault === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"choices":[', () => request.socket.destroy());
      return;
    }
    const { status, headers } = { status: 200, headers: {}, ...fault };
    response.writeHead(status, headers).end(fault.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    fail: (...more) => void faults.push(...more),
    silence,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const answer = (response: ServerResponse, text: string): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(text);

function replyTo(route: string, body: Record<string, unknown>, options: TeacherServerOptions): object {
  return route === 'chat/completions' ? chatReply(body, options) : echoReply(body, options);
}

/** Tokens are words; a chat template adds 10. */
const wordsOf = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? [];
const usageOf = (prompt: string, completion: number) => ({
  usage: { prompt_tokens: wordsOf(prompt).length + 10, completion_tokens: completion },
});

function chatReply(body: Record<string, unknown>, options: TeacherServerOptions): object {
  const { relevance = () => 0.75, logprobs = true, usage = true } = options;
  const prompt = (body.messages as { content: string }[])[0]!.content;
  const yes = relevance(prompt);
  const text = options.text?.(prompt) ?? (yes > 0.5 ? 'Yes' : 'No');
  const top = [
    { token: 'Yes', logprob: Math.log(yes * 0.9) },
    { token: 'no', logprob: Math.log((1 - yes) * 0.9) },
    { token: ' Maybe', logprob: Math.log(0.1) },
  ];
  return {
    choices: [
      {
        message: { role: 'assistant', content: text },
        logprobs:
          logprobs && body.logprobs === true
            ? { content: [{ token: text, logprob: -0.1, top_logprobs: top }] }
            : null,
      },
    ],
    ...(usage && usageOf(prompt, 1)),
  };
}

function echoReply(body: Record<string, unknown>, options: TeacherServerOptions): object {
  const { tokenLogprob = (token) => -token.length, usage = true } = options;
  const prompt = body.prompt as string;
  const tokens = [...wordsOf(prompt), ' more'];
  return {
    choices: [
      {
        text: tokens.join(''),
        logprobs: {
          tokens,
          token_logprobs: tokens.map((token, i) => (i === 0 ? null : tokenLogprob(token, prompt))),
        },
      },
    ],
    ...(usage && usageOf(prompt, 1)),
  };
}

/** A clock that stands still: what is waited for is noted and over at once; deadlines pass when they are told to. */
export function stillClock(now = Date.UTC(2026, 0, 1)) {
  const waits: number[] = [];
  const deadlines: AbortController[] = [];
  const clock: Clock = {
    now: () => now,
    wait: async (milliseconds, signal) => {
      signal.throwIfAborted();
      waits.push(milliseconds);
    },
    deadline: () => {
      const control = new AbortController();
      deadlines.push(control);
      return control.signal;
    },
  };
  return {
    clock,
    waits,
    /** All deadlines so far are over. */
    passDeadlines: () => {
      for (const control of deadlines) control.abort(new Error('late'));
    },
  };
}
