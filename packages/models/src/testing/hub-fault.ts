import type { ServerResponse } from 'node:http';

/** What goes wrong with requests that match; each fault is used up after `times` of them. */
export interface HubFault {
  /** Matched against `GET hub /path` or `PUT cdn /path`. */
  readonly request: RegExp;
  /** 1 by default; Infinity for ever. */
  readonly times?: number;
  /** This status in place of the answer. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the body; length and status stay right for it. */
  readonly body?: (body: Uint8Array) => Uint8Array;
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Nothing is sent any more after so many bytes of the body. */
  readonly hangAfter?: number;
  /** Nothing is sent at all, not even a status. */
  readonly noAnswer?: boolean;
  /** Ranges are not obeyed. */
  readonly noRange?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Sends an answer as the fault has it. */
export function sendAnswer(response: ServerResponse, answer: Answer, fault: HubFault | undefined): void {
  if (fault?.noAnswer) return;
  const { status, headers, body = '' } = fault?.status ? { ...fault, body: 'fault' } : answer;
  const given = typeof body === 'string' ? new TextEncoder().encode(body as string) : (body as Uint8Array);
  const bytes = fault?.body && !fault.status ? fault.body(given) : given;
  response.writeHead(status!, { 'content-length': String(bytes.length), ...headers, ...fault?.headers });
  const part = fault?.cutAfter ?? fault?.hangAfter;
  if (part === undefined || part >= bytes.length) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, part), () => {
    // After a moment, so that what was written leaves first.
    if (fault?.cutAfter !== undefined) setTimeout(() => response.destroy(), 20);
  });
}
