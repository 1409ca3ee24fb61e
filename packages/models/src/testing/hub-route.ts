import type { IncomingMessage } from 'node:http';
import type { Answer } from './hub-fault.js';

/** The token that private models and uploads want. */
export const HUB_TOKEN = 'hf_of_the_test';

/** A request as routes see it. */
export interface RouteRequest {
  readonly method: string;
  /** Decoded segments of the path. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

/** The addresses of both servers. */
export interface HubAddresses {
  readonly hub: string;
  readonly cdn: string;
}

export type Route = (request: RouteRequest) => Answer | undefined;
