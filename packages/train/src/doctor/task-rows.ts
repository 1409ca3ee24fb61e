import {
  contrastive,
  type EmbeddingRecord,
  type ExampleMaker,
  embeddingReader,
  parseRecord,
  pointwise,
  type RecordReader,
  type RerankerRecord,
  scoredLists,
  texts,
} from '@rag/data';
import { lossByName } from '@rag/losses';
import { negativesOf } from '../config/check-retrieval.js';
import type { CompleteColbertConfig } from '../config/colbert-config.js';
import type { CompleteEmbeddingConfig } from '../config/embedding-config.js';
import type { CompleteRerankerConfig } from '../config/reranker-config.js';
import { groupMaker, usesTeacher } from '../recipes/reranker-data.js';
import type { RunFiles } from '../run-files.js';
import { type ReadRows, type RowSurveyReader, readRows } from './read-rows.js';
import type { Surveyor } from './survey.js';
import { embeddingRow, rerankerRow } from './survey-row.js';

/** How a loss learns from rows. */
export interface LossUse {
  readonly name: string;
  /** pointwise: each pair by its label; group: the passages of a query; in-batch: a positive against the batch; scores: a teacher's. */
  readonly kind: 'pointwise' | 'group' | 'in-batch' | 'scores' | 'vectors';
  readonly teacher: boolean;
}

/** The rows of a task: how they are read, and how its loss uses them. */
export interface TaskRows {
  /** Reads files once, showing each row to `surveyor`. */
  read(
    files: Pick<RunFiles, 'openData'>,
    paths: readonly string[],
    surveyor: Pick<Surveyor, 'add'>,
  ): Promise<ReadRows>;
  /** The loss, by the rows of each shape, where the settings name none. */
  lossOf(shapes: Readonly<Record<string, number>>): LossUse;
}

/** What of a maker tells how many examples a row gives. */
type Counting<R> = Pick<ExampleMaker<unknown, R>, 'lengths' | 'leavesOut'>;

/** Rows of a reranker run. @param labelKey of training or evaluation rows */
export function rerankerRows(config: CompleteRerankerConfig, labelKey?: string): TaskRows {
  const loss = lossByName(config.lossType);
  const reader: RecordReader<RerankerRecord> = {
    parse: (value, at) => parseRecord(value, at, labelKey === undefined ? {} : { labelKey }),
    ignoredKeys: () => [],
    tally: ({ shape, query }) => ({ shape, query, positives: 0, negatives: 0, scored: 0, labels: [] }),
  };
  const maker: Counting<RerankerRecord> = loss.kind === 'group' ? groupMaker(config, loss) : pointwise({});
  const rows: RowSurveyReader<RerankerRecord> = {
    reader,
    row: rerankerRow,
    makers: { [loss.names[0]]: maker },
  };
  return {
    read: (files, paths, surveyor) => readRows(files, paths, rows, surveyor),
    lossOf: () => ({ name: loss.names[0], kind: loss.kind, teacher: usesTeacher(loss, config) }),
  };
}

/** Lists that a loss compares within: those of one passage give nothing. */
const comparable: Counting<EmbeddingRecord> = {
  lengths: (record, row) => {
    const lengths = scoredLists({}).lengths(record, row);
    const { passages } = embeddingRow(record);
    return passages.length > 1 ? lengths : [];
  },
};

/** Rows of an embedding or ColBERT run. */
export function retrieverRows(config: CompleteEmbeddingConfig | CompleteColbertConfig): TaskRows {
  const { trainGroupSize, compat, seed } = config;
  const isDistilled = 'trainType' in config && config.trainType === 'distill';
  const makers: Readonly<Record<string, Counting<EmbeddingRecord>>> = isDistilled
    ? { distill: texts({ compat }) }
    : {
        infonce: contrastive({
          ...{ negatives: negativesOf(config), seed, compat },
          drawPositive: trainGroupSize !== undefined,
        }),
        kl_divergence: compat ? scoredLists({ compat }) : comparable,
        margin_mse: comparable,
        cosent: scoredLists({}),
        angle: scoredLists({}),
      };
  const reader = isDistilled ? texts({ compat }).reader : embeddingReader;
  const rows: RowSurveyReader<EmbeddingRecord> = { reader, row: embeddingRow, makers };
  return {
    read: (files, paths, surveyor) => readRows(files, paths, rows, surveyor),
    lossOf(shapes) {
      if (isDistilled) return { name: 'distill', kind: 'vectors', teacher: true };
      const found = Object.keys(shapes);
      const allScored = found.length > 0 && found.every((shape) => shape === 'scored');
      const taught = config.knowledgeDistillation;
      const unified = 'unifiedFinetuning' in config && config.unifiedFinetuning;
      const inBatch = taught || unified || trainGroupSize !== undefined || !allScored;
      const name = config.lossType ?? (inBatch ? 'infonce' : 'kl_divergence');
      return {
        name,
        kind: name === 'infonce' ? 'in-batch' : 'scores',
        teacher: taught || name !== 'infonce',
      };
    },
  };
}
