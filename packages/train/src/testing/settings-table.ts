import { colbertOptions } from '../config/colbert-options.js';
import { embeddingOptions } from '../config/embedding-options.js';
import type { OptionTable } from '../config/option.js';
import { rerankerOptions } from '../config/reranker-options.js';

const tables: Readonly<Record<string, OptionTable>> = {
  reranker: rerankerOptions,
  embedding: embeddingOptions,
  colbert: colbertOptions,
};

/** The rows of the README's table: names, tasks, default, meaning; a key that tasks define alike is one row. */
export function settingsRows(): string[][] {
  const rows = new Map<string, { cells: string[]; tasks: string[] }>();
  for (const [task, table] of Object.entries(tables))
    for (const [key, entry] of Object.entries(table)) {
      const names = [key, ...entry.aliases].map((name) => `\`${name}\``).join(', ');
      const value =
        entry.default === undefined
          ? '–'
          : `\`${entry.default === '' ? '""' : `${entry.default}` || 'none'}\``;
      const cells = [names, value, entry.about];
      const row = rows.get(cells.join('|')) ?? { cells, tasks: [] };
      rows.set(cells.join('|'), row);
      row.tasks.push(task);
    }
  const all = Object.keys(tables).length;
  return [...rows.values()].map(({ cells: [names, ...rest], tasks }) => [
    names!,
    tasks.length === all ? 'all' : tasks.join(', '),
    ...rest,
  ]);
}
