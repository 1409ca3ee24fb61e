import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type AnswerContext, requestAnswerer } from './answer-request.js';
import type { ServedModel, ServedModels } from './served-model.js';

/** Where a server listens and how long it waits. */
export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Milliseconds in which a request has to arrive, headers and body. */
  readonly requestTimeout: number;
  /** Milliseconds that requests under way have when the server closes. */
  readonly shutdownTimeout: number;
}

/** A server that answers. */
export interface Served {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  /** Refuses what is new, finishes what is under way, then lets the models go; a second call waits for the same. */
  close(): Promise<void>;
}

/** How often slow clients are looked for: a tenth of what they have, between 20 ms and 5 s. */
const intervalOf = (timeout: number): number => Math.min(5000, Math.max(20, timeout / 10));

/** Listens. @throws the error of `listen`, such as EADDRINUSE */
export async function httpServer(
  context: Omit<AnswerContext, 'isClosing'>,
  { host, port, requestTimeout, shutdownTimeout }: HttpOptions,
): Promise<Served> {
  let closing: Promise<void> | undefined;
  const answer = requestAnswerer({ ...context, isClosing: () => closing !== undefined });
  const server = createServer(
    {
      requestTimeout,
      headersTimeout: requestTimeout,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: intervalOf(requestTimeout),
    },
    (request, response) => {
      // A connection that became idle while the server closes has nothing to wait for.
      response.once('close', () => closing && setImmediate(() => server.closeIdleConnections()));
      answer(request, response).catch((error: unknown) => {
        context.log(`an answer was not written: ${error instanceof Error ? error.name : typeof error}`);
        response.destroy();
      });
    },
  );
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, family, port: taken } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const late = setTimeout(() => server.closeAllConnections(), shutdownTimeout);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      // Opened ahead by a client's pool and never used: Node does not count them as idle.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    });
    clearTimeout(late);
    await closeModels(context.models);
  };
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Waits for what runs, and ends the threads that tokenize. */
export const closeModels = async (models: ServedModels): Promise<void> =>
  void (await Promise.all((Object.values(models) as ServedModel[]).map((model) => model.close())));
