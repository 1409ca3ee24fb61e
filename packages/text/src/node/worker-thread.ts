import type { Worker } from 'node:worker_threads';
import { type Answer, type EncodedText, type EncodeTextOptions, errorOf, textsOf } from './encoded-texts.js';
import type { Question } from './tokenizer-worker.js';

/** A thread that tokenizes no more: it died, or the pool was disposed of. */
export class TokenizerWorkerError extends Error {
  override readonly name = 'TokenizerWorkerError';
}

/** A worker that has opened its tokenizer. */
export interface WorkerThread {
  /** Answers come in the order of the questions. @throws what `Tokenizer.encode` throws, TokenizerWorkerError */
  encode(texts: readonly string[], options: EncodeTextOptions): Promise<EncodedText[]>;
  /** Ends the thread; what it has not answered is rejected. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(texts: EncodedText[]): void;
  reject(error: unknown): void;
}

/**
 * The thread of a worker that was started on a tokenizer's files. It keeps the process alive only while it has work.
 * @throws what `openTokenizer` throws; TokenizerWorkerError when the worker dies
 */
export async function openWorkerThread(worker: Worker): Promise<WorkerThread> {
  const waiting = new Map<number, Waiting>();
  let ended: unknown;
  let questions = 0;
  const ask = (id: number): Promise<EncodedText[]> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      waiting.set(id, { resolve, reject });
      worker.ref();
    });
  const end = (error: unknown): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if ('error' in answer) asked?.reject(errorOf(answer));
    else asked?.resolve(answer.encoded ? textsOf(answer.encoded) : []);
  });
  const died = (what: string, cause?: unknown) =>
    new TokenizerWorkerError(
      `tokenizer worker: expected it to run until dispose(), got ${what} — see the cause, or use fewer workers if memory ran out`,
      cause === undefined ? {} : { cause },
    );
  worker.on('error', (error: unknown) => end(died(String(error), error)));
  worker.on('messageerror', (error) => end(died(String(error), error)));
  worker.on('exit', (code) => end(died(`the end of its thread, with code ${code}`)));

  const close = async (): Promise<void> => {
    end(
      new TokenizerWorkerError(
        'tokenizer pool: expected an open one, got one after dispose() — open another',
      ),
    );
    await worker.terminate();
  };
  try {
    await ask(0);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    encode(texts, options) {
      const question: Question = { id: ++questions, texts, options };
      const answer = ask(question.id);
      if (ended === undefined) worker.postMessage(question);
      return answer;
    },
    close,
  };
}
