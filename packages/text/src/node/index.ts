export type { EncodedText, EncodeTextOptions } from './encoded-texts.js';
export { openTokenizerPool, type TokenizerPool } from './tokenizer-pool.js';
export { TokenizerWorkerError } from './worker-thread.js';
