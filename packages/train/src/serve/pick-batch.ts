/** A request whose inputs wait for their turns. */
export interface WaitingRequest {
  /** Tokens of each input. */
  readonly tokens: readonly number[];
  /** Place of the input whose turn is next, below `tokens.length`. */
  next: number;
  /** Only requests of one group share a batch. */
  readonly group: string;
}

/** What a batch may hold; an input that is larger than `maxTokens` makes a batch of its own. */
export interface BatchLimits {
  readonly maxTokens: number;
  readonly maxInputs: number;
}

/** An input's place in its request. */
export interface Picked<Request> {
  readonly request: Request;
  readonly index: number;
}

/**
 * Takes the next batch from a queue, in turns: each request gives one input and goes to the queue's end, so a request of many inputs
 * does not keep one of few waiting. What does not fit into the rest of a batch stands first in the queue for the next, and the first
 * always fits: nobody waits for ever.
 * @param queue changed: requests without inputs that wait are no longer in it
 */
export function pickBatch<Request extends WaitingRequest>(
  queue: Request[],
  { maxTokens, maxInputs }: BatchLimits,
): Picked<Request>[] {
  const batch: Picked<Request>[] = [];
  const passed: Request[] = [];
  const group = queue[0]?.group;
  let sum = 0;
  let at = 0;
  // The queue grows at its end while it is read.
  for (; at < queue.length && batch.length < maxInputs; at++) {
    const request = queue[at]!;
    const tokens = request.tokens[request.next]!;
    const isFirst = batch.length === 0;
    if (!isFirst && (request.group !== group || sum + tokens > maxTokens)) {
      passed.push(request);
      continue;
    }
    batch.push({ request, index: request.next++ });
    sum += tokens;
    if (request.next < request.tokens.length) queue.push(request);
  }
  queue.splice(0, at, ...passed);
  return batch;
}
