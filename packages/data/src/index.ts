export { approximateTokens } from './approximate-tokens.js';
export { type ByteSink, bytesSink } from './byte-sink.js';
export { type ByteSource, blobSource, bytesSource } from './byte-source.js';
export { type AlignedTexts, checkAlignment } from './check-alignment.js';
export type { MostRows } from './chosen-lines.js';
export { type ContrastiveExample, type ContrastiveOptions, contrastive } from './contrastive.js';
export { DataError, type FileFault, formatPosition, type Position, type RowFault } from './data-error.js';
export { type Dataset, openDataset } from './dataset.js';
export {
  type EmbeddingRecord,
  embeddingReader,
  type PairRecord,
  parseEmbeddingRecord,
  promptedQuery,
  type ScoredRecord,
  type TextRecord,
  type TripletRecord,
} from './embedding-record.js';
export {
  type AugmentOptions,
  type EmbeddingMaker,
  type ExampleMaker,
  type GroupExample,
  type PointwiseExample,
  pointwise,
  type ReadingMaker,
} from './examples.js';
export { type GroupOptions, type PositiveGroupOptions, positiveGroups } from './groups.js';
export { type HitGroupOptions, hitGroups } from './hit-groups.js';
export { type Line, type LinesOptions, parseLine, readLines } from './jsonl.js';
export type { LabelRange } from './label-range.js';
export { formatLabelSummary, type LabelBin, type LabelSummary, type Skipped, sparkline } from './labels.js';
export { type LoadedBatch, loadBatches, type Place } from './loader.js';
export type { QaColumns, QaSample } from './qa-rows.js';
export { type QaSamples, type QaSamplesOptions, type QaSummary, qaSamples } from './qa-samples.js';
export { at, philox4x32, type Random } from './random.js';
export {
  type Hit,
  type HitsRecord,
  type LabelledRecord,
  type ListsRecord,
  parseRecord,
  type RecordOptions,
  type RerankerRecord,
  type RowPosition,
} from './record.js';
export type { RecordReader, RowTally } from './record-reader.js';
export { openRecords, openRows, type Records, type RecordsOptions, type RowsOptions } from './records.js';
export { type Batch, epochBatches, type SamplerOptions } from './sampler.js';
export { type ScoredExample, type ScoredListsOptions, scoredLists } from './scored-lists.js';
export { shuffleText } from './shuffle-text.js';
export type { TableFormat } from './table.js';
export { openTeacherVectors, type TeacherVectors, type TeacherVectorsOptions } from './teacher-vectors.js';
export { formatTextHash, textHash } from './text-hash.js';
export { type TextExample, type TextsOptions, texts } from './texts.js';
export type { VectorDtype, VectorFormat } from './vector-layout.js';
export {
  type VectorWriter,
  type VectorWriterOptions,
  vectorWriter,
  writeTeacherVectors,
} from './vector-writer.js';
