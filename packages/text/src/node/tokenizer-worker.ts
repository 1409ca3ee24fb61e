import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openTokenizer, type TokenizerTexts } from '../open-tokenizer.js';
import type { Tokenizer } from '../tokenizer.js';
import { type Answer, answerOf, type EncodeTextOptions, encodeTexts } from './encoded-texts.js';

/** What a worker is asked. */
export interface Question {
  /** From 1. */
  readonly id: number;
  readonly texts: readonly string[];
  readonly options: EncodeTextOptions;
}

/** Opens the tokenizer and answers what it is asked until the thread ends. */
function serve(port: MessagePort, files: TokenizerTexts): void {
  const post = (answer: Answer, transfer: ArrayBuffer[] = []) => port.postMessage(answer, transfer);
  let tokenizer: Tokenizer;
  try {
    tokenizer = openTokenizer(files);
  } catch (error) {
    post(answerOf(0, error));
    return;
  }
  port.on('message', ({ id, texts, options }: Question) => {
    try {
      const encoded = encodeTexts(tokenizer, texts, options);
      post(
        { id, encoded },
        Object.values(encoded).map(({ buffer }) => buffer),
      );
    } catch (error) {
      post(answerOf(id, error));
    }
  });
  post({ id: 0 });
}

if (parentPort !== null) serve(parentPort, workerData as TokenizerTexts);
