import type { EmbeddingMaker } from '@rag/data';
import { ConfigError } from '../config/config-error.js';

/** Which file each example is of, in their order, and how many rows each file gave. */
export interface FilesOfExamples {
  readonly files: readonly string[];
  readonly rows: ReadonlyMap<string, number>;
}

/** A maker that notes the file of each example while a data set is opened with it. */
export function notingFiles<E>(maker: EmbeddingMaker<E>): {
  maker: EmbeddingMaker<E>;
  noted: FilesOfExamples;
} {
  const files: string[] = [];
  const rows = new Map<string, number>();
  return {
    noted: { files, rows },
    maker: {
      ...maker,
      lengths: (record, row) => {
        const lengths = maker.lengths(record, row);
        const { file } = record.at;
        for (const _ of lengths) files.push(file);
        if (lengths.length > 0) rows.set(file, (rows.get(file) ?? 0) + 1);
        return lengths;
      },
    },
  };
}

/** The examples of a batch: those of one group. */
export interface FileGroups {
  /** By example; −1 for those that are left out. */
  readonly groups: Int32Array;
  /** Whether the queries of a group meet their own passages alone. */
  ownAlone(group: number): boolean;
  /** A line for each thing that the reader of a run should know. */
  readonly notes: readonly string[];
}

interface Thresholds {
  readonly smallThreshold: number;
  readonly dropThreshold: number;
}

/** FlagEmbedding's mark, at the end of the name of a file or folder, of rows whose queries do not meet others' passages. */
const OWN_ALONE = 'no_in_batch_neg';

/**
 * Each file a group, as FlagEmbedding's `same_dataset_within_batch` has it; files with fewer than `small_threshold` rows are one with the
 * others of their folder, and left out together where they have fewer than `drop_threshold`.
 * @throws ConfigError where nothing is left
 */
export function fileGroups(
  { files, rows }: FilesOfExamples,
  { smallThreshold, dropThreshold }: Thresholds,
): FileGroups {
  const nameOf = new Map<string, string>();
  const merged = new Map<string, { readonly parts: string[]; count: number }>();
  const alone = new Set<string>();
  for (const [file, count] of rows) {
    const folder = file.replace(/[^\\/]*$/, '');
    const isAlone = isMarked(file) || isMarked(folder);
    const isSmall = count < smallThreshold;
    const name = isSmall ? `${folder}*${isAlone ? OWN_ALONE : ''}` : file;
    nameOf.set(file, name);
    if (isAlone) alone.add(name);
    if (!isSmall) continue;
    const together = merged.get(name) ?? { parts: [], count: 0 };
    together.parts.push(file);
    together.count += count;
    merged.set(name, together);
  }
  const notes: string[] = [];
  const dropped = new Set<string>();
  for (const [name, { parts, count }] of merged) {
    const isDropped = count < dropThreshold;
    if (isDropped) dropped.add(name);
    if (isDropped)
      notes.push(
        `left out ${parts.join(', ')}: ${count} rows together, fewer than drop_threshold ${dropThreshold}`,
      );
    else if (parts.length > 1)
      notes.push(
        `taken together: ${parts.join(', ')}, each of fewer rows than small_threshold ${smallThreshold}`,
      );
  }
  const kept = [...new Set(nameOf.values())].filter((name) => !dropped.has(name));
  if (kept.length === 0)
    throw new ConfigError(
      'drop_threshold',
      'drop_threshold',
      `expected some files to learn from, got none with drop_threshold ${dropThreshold} — lower it, or small_threshold`,
    );
  const numberOf = new Map(kept.map((name, i) => [name, i]));
  return {
    groups: Int32Array.from(files, (file) => numberOf.get(nameOf.get(file)!) ?? -1),
    ownAlone: (group) => alone.has(kept[group]!),
    notes,
  };
}

const isMarked = (path: string): boolean =>
  path
    .replace(/[\\/]$/, '')
    .replace(/\.\w+$/, '')
    .endsWith(OWN_ALONE);
