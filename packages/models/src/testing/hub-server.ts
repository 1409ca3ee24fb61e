import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HubFiles, type HubModel, hubCommit } from './hub-content.js';
import { type Answer, type HubFault, sendAnswer } from './hub-fault.js';
import { hubReader } from './hub-reader.js';
import type { Route, RouteRequest } from './hub-route.js';
import { hubWriter } from './hub-writer.js';

/** A request that arrived. */
export interface HubRequest {
  /** `GET hub /org/name/resolve/main/config.json`, without the query. */
  readonly line: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** A hub on this machine, and its CDN at another origin. */
export interface HubServer {
  /** What HF_ENDPOINT is. */
  readonly endpoint: string;
  readonly models: Map<string, HubModel>;
  /** Adds a model of one commit, or a further commit to one that is there; returns the commit. */
  add(
    id: string,
    files: HubFiles,
    options?: { names?: readonly string[]; private?: boolean; gated?: boolean },
  ): string;
  /** Something that goes wrong from now on. */
  fault(fault: HubFault): void;
  /** Every request so far, in their order. */
  readonly requests: HubRequest[];
  /** Only those, shown by their lines. */
  lines(pattern: RegExp): string[];
  close(): Promise<void>;
}

/**
 * Speaks the hub's routes over HTTP: model info, tree, resolve with ranges and redirects to a CDN, and those of uploads.
 * The CDN refuses requests that carry a token, as storages with signed addresses do.
 */
export async function startHubServer(): Promise<HubServer> {
  const models = new Map<string, HubModel>();
  const requests: HubRequest[] = [];
  const faults: { fault: HubFault; left: number }[] = [];
  const addresses = { hub: '', cdn: '' };
  const reader = hubReader(models, addresses);
  const writer = hubWriter(models, addresses);

  const listen = async (name: 'hub' | 'cdn', routes: readonly Route[]): Promise<Server> => {
    const server = createServer(async (incoming, response) => {
      const { pathname, searchParams: query } = new URL(incoming.url!, 'http://hub');
      const method = incoming.method!;
      const line = `${method} ${name} ${decodeURIComponent(pathname)}`;
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const { authorization, range } = incoming.headers;
      requests.push({ line, authorization, range });
      const found = faults.find(({ fault, left }) => left > 0 && fault.request.test(line));
      if (found) found.left--;
      const headers = { ...incoming.headers };
      if (found?.fault.noRange) delete headers.range;
      const segments = pathname.slice(1).split('/').map(decodeURIComponent);
      const request: RouteRequest = { method, segments, query, headers, body: Buffer.concat(chunks) };
      let answer: Answer | undefined;
      for (const route of routes) answer ??= route(request);
      sendAnswer(response, answer ?? { status: 404, body: 'no such route' }, found?.fault);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Another host name, since clients tell a foreign server by it.
    const host = name === 'hub' ? '127.0.0.1' : 'localhost';
    addresses[name] = `http://${host}:${(server.address() as AddressInfo).port}`;
    return server;
  };
  const servers = [
    await listen('hub', [reader.hub, writer.hub]),
    await listen('cdn', [reader.cdn, writer.cdn]),
  ];
  return {
    endpoint: addresses.hub,
    models,
    requests,
    add(id, files, { names = [], ...access } = {}) {
      const before = models.get(id);
      const commit = hubCommit(files, names);
      models.set(id, { ...before, ...access, commits: [...(before?.commits ?? []), commit] });
      return commit.id;
    },
    fault: (fault) => {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    lines: (pattern) => requests.map(({ line }) => line).filter((line) => pattern.test(line)),
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise<void>((resolve) => {
          server.close(() => resolve());
        });
      }
    },
  };
}
