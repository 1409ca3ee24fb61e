export { batchByTokens, type TokenBatches } from './batches.js';
export { TokenizerError } from './errors.js';
export { exactLadder, type Ladder, sizeLadder } from './ladder.js';
export { type PackedBatch, type PackOptions, packSequences } from './pack.js';
export type { EncodedIds, TemplatePiece, Templates } from './template.js';
export { type Encoding, type PairEncoding, Tokenizer, type TokenizerFiles } from './tokenizer.js';
export { truncatePair } from './truncate.js';
export { buildWordPieceVocabulary, type VocabularyOptions } from './vocabulary.js';
export { type SpecialTokens, type WordPieceOptions, wordPieceTokenizerJson } from './word-piece-json.js';
