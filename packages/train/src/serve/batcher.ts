import { performance } from 'node:perf_hooks';
import { BatchError, QueueFullError } from './batch-errors.js';
import { type Picked, pickBatch, type WaitingRequest } from './pick-batch.js';

/** An input and what it costs. */
export interface BatchInput<Input> {
  readonly input: Input;
  readonly tokens: number;
}

/** What one run was. */
export interface BatchEvent {
  readonly inputs: number;
  readonly tokens: number;
  readonly milliseconds: number;
}

export interface BatcherOptions<Input, Output> {
  /** Runs a batch; one at a time. The signal aborts when nobody waits for it any more. */
  run(inputs: readonly Input[], signal: AbortSignal, group: string): Promise<readonly Output[]>;
  readonly maxBatchTokens: number;
  readonly maxBatchInputs: number;
  /** Most inputs that have a place: being tokenized, waiting or running. */
  readonly maxQueue: number;
  readonly onBatch?: (event: BatchEvent) => void;
  /** Begins work later, so that requests of one moment share a batch. @default setImmediate */
  readonly soon?: (begin: () => void) => void;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** The outputs of a request in the order of its inputs, and its milliseconds in the queue and in runs. */
export interface BatchResult<Output> {
  readonly outputs: Output[];
  readonly queued: number;
  readonly inference: number;
}

/** Places of one request in the queue. */
export interface Place<Input, Output> {
  /**
   * @throws BatchError for a run that failed (again, with this request's inputs alone), the signal's reason when it aborts
   */
  submit(
    inputs: readonly BatchInput<Input>[],
    options: { readonly signal?: AbortSignal; readonly group?: string },
  ): Promise<BatchResult<Output>>;
  /** Gives the places back; a second call does nothing. */
  release(): void;
}

export interface Batcher<Input, Output> {
  /** @throws QueueFullError where there are not so many places, and none is taken then */
  reserve(count: number): Place<Input, Output>;
  /** Inputs that have a place. */
  readonly held: number;
  /** Resolves when no input has one. */
  drained(): Promise<void>;
}

interface Request<Input, Output> extends WaitingRequest {
  readonly inputs: readonly BatchInput<Input>[];
  readonly outputs: Output[];
  left: number;
  isOver: boolean;
  started?: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Packs the inputs of many requests into batches by tokens and gives each request its own outputs. */
export function createBatcher<Input, Output>(options: BatcherOptions<Input, Output>): Batcher<Input, Output> {
  const { run, maxQueue, onBatch, soon = setImmediate, now = () => performance.now() } = options;
  const limits = { maxTokens: options.maxBatchTokens, maxInputs: options.maxBatchInputs };
  const queue: Request<Input, Output>[] = [];
  const watchers: (() => void)[] = [];
  let held = 0;
  let isWorking = false;
  let running: { readonly requests: ReadonlySet<Request<Input, Output>>; readonly control: AbortController };
  /** Tokens per millisecond of late runs. */
  let rate = 0;

  const finish = (request: Request<Input, Output>, settle: () => void): void => {
    if (request.isOver) return;
    request.isOver = true;
    const at = queue.indexOf(request);
    if (at >= 0) queue.splice(at, 1);
    settle();
    if (running?.requests.has(request) && [...running.requests].every(({ isOver }) => isOver))
      running.control.abort();
  };

  const runPicked = async (picked: readonly Picked<Request<Input, Output>>[]): Promise<void> => {
    const live = picked.filter(({ request }) => !request.isOver);
    if (live.length === 0) return;
    const requests = new Set(live.map(({ request }) => request));
    const control = new AbortController();
    running = { requests, control };
    const started = now();
    for (const request of requests) request.started ??= started;
    const inputs = live.map(({ request, index }) => request.inputs[index]!.input);
    const tokens = live.reduce((sum, { request, index }) => sum + request.tokens[index]!, 0);
    try {
      const outputs = await run(inputs, control.signal, live[0]!.request.group);
      if (outputs.length !== inputs.length)
        throw new RangeError(
          `batch: expected ${inputs.length} outputs, got ${outputs.length} — correct what runs the model`,
        );
      const milliseconds = now() - started;
      if (milliseconds > 0) rate = rate === 0 ? tokens / milliseconds : (rate + tokens / milliseconds) / 2;
      onBatch?.({ inputs: inputs.length, tokens, milliseconds });
      for (const [i, { request, index }] of live.entries()) {
        request.outputs[index] = outputs[i]!;
        if (--request.left === 0) finish(request, request.resolve);
      }
    } catch (cause) {
      if (requests.size === 1) {
        const [request] = requests;
        finish(request!, () => request!.reject(new BatchError({ cause })));
        return;
      }
      // One request's inputs may be to blame; the others shall not suffer for it.
      for (const request of requests) await runPicked(live.filter((one) => one.request === request));
    }
  };

  const work = async (): Promise<void> => {
    while (queue.length > 0) await runPicked(pickBatch(queue, limits));
    isWorking = false;
  };
  const begin = (): void => {
    if (isWorking) return;
    isWorking = true;
    soon(() => void work());
  };

  const retryAfter = (): number => {
    const waiting = queue.reduce(
      (sum, { tokens, next }) => sum + tokens.slice(next).reduce((all, one) => all + one, 0),
      0,
    );
    return rate === 0 ? 1 : Math.min(60, Math.max(1, Math.ceil(waiting / rate / 1000)));
  };

  return {
    get held() {
      return held;
    },
    reserve(count) {
      if (held + count > maxQueue) throw new QueueFullError(retryAfter());
      held += count;
      let isHeld = true;
      return {
        release() {
          if (!isHeld) return;
          isHeld = false;
          held -= count;
          if (held === 0) for (const tell of watchers.splice(0)) tell();
        },
        submit: (inputs, { signal, group = '' }) =>
          new Promise((resolve, reject) => {
            if (signal?.aborted) return reject(signal.reason);
            if (inputs.length === 0) return resolve({ outputs: [], queued: 0, inference: 0 });
            const submitted = now();
            const abort = () => finish(request, () => reject(signal!.reason));
            const request: Request<Input, Output> = {
              inputs,
              tokens: inputs.map(({ tokens }) => tokens),
              next: 0,
              group,
              outputs: new Array<Output>(inputs.length),
              left: inputs.length,
              isOver: false,
              resolve() {
                signal?.removeEventListener('abort', abort);
                const started = request.started!;
                resolve({
                  outputs: request.outputs,
                  queued: started - submitted,
                  inference: now() - started,
                });
              },
              reject(reason) {
                signal?.removeEventListener('abort', abort);
                reject(reason);
              },
            };
            signal?.addEventListener('abort', abort, { once: true });
            queue.push(request);
            begin();
          }),
      };
    },
    drained: () => (held === 0 ? Promise.resolve() : new Promise((resolve) => watchers.push(resolve))),
  };
}
