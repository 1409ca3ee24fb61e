export { batchByTokens, type TokenBatches } from './batches.js';
export type { ChatMessage, ChatTemplateOptions } from './chat/chat-template.js';
export { completeTokenizerFiles, type TokenizerUse } from './complete-files.js';
export {
  type CountPiecesOptions,
  type CutVocabularyOptions,
  countPieces,
  type PieceCounter,
  type VocabularyCut,
} from './cut-vocabulary.js';
export type { VocabularyFiles } from './cut-vocabulary-files.js';
export { TokenizerError } from './errors.js';
export { exactLadder, type Ladder, sizeLadder } from './ladder.js';
export { openTokenizer, type TokenizerTexts } from './open-tokenizer.js';
export { type PackedBatch, type PackOptions, packSequences } from './pack.js';
export { type PackedBatchesOptions, type PackedRows, packedBatches } from './packed-batches.js';
export { type PackedTensor, packedTensors } from './packed-tensors.js';
export type { EncodedIds, TemplatePiece, Templates } from './template.js';
export { type Encoding, type PairEncoding, Tokenizer, type TokenizerFiles } from './tokenizer.js';
export { truncatePair } from './truncate.js';
export { buildWordPieceVocabulary, type VocabularyOptions } from './vocabulary.js';
export { type SpecialTokens, type WordPieceOptions, wordPieceTokenizerJson } from './word-piece-json.js';
