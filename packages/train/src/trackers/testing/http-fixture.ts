import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server says. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

type Fault = number | 'fine' | 'silent' | 'served';

/** A server on loopback whose faults are ordered. */
export interface HttpFixture {
  readonly url: string;
  readonly requests: readonly Asked[];
  /** For the next requests, one each; `served` has the request done and its answer lost, `fine` is none. */
  fail(...faults: Fault[]): void;
  /** Every further request gets this status. */
  refuse(status: number): void;
  /** Resolves when a request came that gets no answer. */
  readonly silence: Promise<void>;
  close(): Promise<void>;
}

export async function httpFixture(answer: (asked: Asked) => Answer): Promise<HttpFixture> {
  const requests: Asked[] = [];
  const faults: Fault[] = [];
  let refused: number | undefined;
  let isSilent = (): void => {};
  const silence = new Promise<void>((resolve) => {
    isSilent = resolve;
  });
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const url = new URL(request.url!, 'http://127.0.0.1');
      const asked: Asked = {
        method: request.method!,
        path: url.pathname,
        query: url.searchParams,
        body: text === '' ? {} : JSON.parse(text),
        authorization: request.headers.authorization,
      };
      requests.push(asked);
      const fault = faults.shift();
      if (fault === 'silent') return isSilent();
      if (fault === 'served') {
        answer(asked);
        response.destroy();
        return;
      }
      const status = typeof fault === 'number' ? fault : refused;
      // A server that quotes what it was sent: the header must not reach an error.
      const { status: said, body } =
        status === undefined
          ? answer(asked)
          : { status, body: { message: `no: ${request.headers.authorization}` } };
      response.writeHead(said, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    silence,
    fail: (...more) => void faults.push(...more),
    refuse(status) {
      refused = status;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
