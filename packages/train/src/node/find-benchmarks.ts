import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.js';

/** A benchmark by the layout of its files. */
export type FoundBenchmark = { readonly name: string } & (
  | { readonly layout: 'beir'; readonly directory: string }
  | { readonly layout: 'mteb'; readonly file: string }
);

const beirPieces = ['corpus.jsonl', 'queries.jsonl', 'qrels'];

/**
 * The benchmarks of a folder, by name: folders of BEIR's three files, folders with `<split>.jsonl` and files `*.jsonl` of MTEB's
 * reranking samples. The folder may be one benchmark itself.
 * @throws ConfigError naming what a folder lacks
 */
export async function findBenchmarks(folder: string, split: string): Promise<FoundBenchmark[]> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new ConfigError(
      '--folder',
      undefined,
      `expected a folder of benchmarks, got ${found ? 'a file' : 'nothing'} at ${folder} — check the path`,
    );
  const own = await benchmarkAt(folder, split);
  if (own) return [own];
  const benchmarks: FoundBenchmark[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort(byName)) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if ((await stat(path)).isDirectory()) {
      const benchmark = await benchmarkAt(path, split);
      if (benchmark === undefined) throw unknownLayout(path, await readdir(path), split);
      benchmarks.push(benchmark);
    } else if (extname(entry.name) === '.jsonl')
      benchmarks.push({ name: basename(entry.name, '.jsonl'), layout: 'mteb', file: path });
  }
  if (benchmarks.length === 0) throw unknownLayout(folder, await readdir(folder), split);
  return benchmarks;
}

/** Undefined where a folder has nothing of a benchmark. @throws ConfigError where it has but a part */
async function benchmarkAt(directory: string, split: string): Promise<FoundBenchmark | undefined> {
  const names = await readdir(directory);
  const name = basename(resolve(directory));
  const present = beirPieces.filter((piece) => names.includes(piece));
  if (present.length > 0) {
    const judgements = `qrels/${split}.tsv`;
    const hasJudgements = await stat(join(directory, 'qrels', `${split}.tsv`)).catch(() => undefined);
    const missing = [
      ...beirPieces.slice(0, 2).filter((piece) => !names.includes(piece)),
      ...(hasJudgements ? [] : [judgements]),
    ];
    if (missing.length === 0) return { name, layout: 'beir', directory };
    throw new ConfigError(
      directory,
      undefined,
      `expected corpus.jsonl, queries.jsonl and ${judgements}, got no ${missing.join(', no ')} — add what is missing, or name another split by --split`,
    );
  }
  return names.includes(`${split}.jsonl`)
    ? { name, layout: 'mteb', file: join(directory, `${split}.jsonl`) }
    : undefined;
}

function unknownLayout(path: string, names: readonly string[], split: string): ConfigError {
  const packed = names.find((name) => /\.(?:parquet|gz|zip|arrow)$/.test(name));
  const got =
    names.length === 0
      ? 'an empty folder'
      : `${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : ''}`;
  const advice =
    packed === undefined
      ? 'move it elsewhere if it is no benchmark'
      : `${packed.endsWith('.gz') || packed.endsWith('.zip') ? 'unpack' : 'write out as JSON lines'} ${packed}`;
  return new ConfigError(
    path,
    undefined,
    `expected corpus.jsonl, queries.jsonl and qrels/${split}.tsv (BEIR), or ${split}.jsonl of {query, positive, negative} (MTEB reranking), got ${got} — ${advice}`,
  );
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : Number(a.name > b.name);
