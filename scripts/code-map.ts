import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLOORS } from './floors.js';

/** A section of CODEMAP.md: a folder and the names its lines give. */
interface Section {
  folder: string;
  line: number;
  /** Each line's names, relative to the folder; `*` stands for any characters but `/`. */
  names: { name: string; line: number }[];
}

const UNNAMED = new Set([
  'node_modules',
  'dist',
  'output',
  'coverage',
  'fixtures',
  'index.ts',
  '__pycache__',
]);

/**
 * Checks CODEMAP.md against the tree, both ways.
 *
 * Its format: a heading ``## `folder` `` opens a section, a line `` - `name` `name` — what`` names children of that
 * folder, and any other code span with a slash is a path from the root. Every named path exists, every child of a
 * section's folder is named in it (tests, fixtures, build output, dotfiles and index.ts apart), every package's `src`
 * has a section, and the rows `| floor | packages | …` give each package its floor.
 *
 * @returns one line per violation
 */
export function checkCodeMap(root: string): string[] {
  const text = existsSync(join(root, 'CODEMAP.md')) ? readFileSync(join(root, 'CODEMAP.md'), 'utf8') : null;
  if (text === null) return ['CODEMAP.md: expected the map of the code, got no such file — write it'];
  const { sections, paths } = parse(text);
  const lines = paths
    .filter(({ path }) => !existsSync(join(root, path)))
    .map(
      ({ path, line }) => `CODEMAP.md:${line}: expected an existing path, got ${path} — correct or remove it`,
    );
  for (const section of sections) lines.push(...checkSection(root, section));
  const floors = floorsIn(text);
  for (const name of packageNames(root)) {
    const folder = `packages/${name}/src`;
    if (!sections.some((section) => section.folder === folder)) {
      lines.push(`CODEMAP.md: expected a section for ${folder}, got none — add "## \`${folder}\`"`);
    }
    if (floors.get(`@rag/${name}`) !== FLOORS[`@rag/${name}`]) {
      lines.push(
        `CODEMAP.md: expected @rag/${name} on floor ${FLOORS[`@rag/${name}`]}, got ${floors.get(`@rag/${name}`)} — correct the table`,
      );
    }
  }
  return lines;
}

function checkSection(root: string, { folder, line, names }: Section): string[] {
  if (!existsSync(join(root, folder))) {
    return [`CODEMAP.md:${line}: expected an existing folder, got ${folder} — correct or remove the section`];
  }
  const children = childrenOf(join(root, folder));
  const matches = names.map(({ name }) => pattern(name));
  return [
    ...names
      .filter((_, i) => !children.some((child) => matches[i]!.test(child)))
      .map(
        ({ name, line: at }) =>
          `CODEMAP.md:${at}: expected "${name}" in ${folder}, got no such file or folder — correct or remove it`,
      ),
    ...children
      .filter((child) => !matches.some((match) => match.test(child)))
      .map((child) => `CODEMAP.md:${line}: expected a line for ${child} in ${folder}, got none — add it`),
  ];
}

function parse(text: string): { sections: Section[]; paths: { path: string; line: number }[] } {
  const sections: Section[] = [];
  const paths: { path: string; line: number }[] = [];
  for (const [i, content] of text.split(/\r?\n/).entries()) {
    const line = i + 1;
    const heading = /^## `([^`]+)`/.exec(content);
    const item = /^- ((?:`[^`]+`,? )+)— /.exec(content);
    if (heading) sections.push({ folder: heading[1]!, line, names: [] });
    else if (content.startsWith('## ')) sections.push({ folder: '', line, names: [] });
    const section = sections.at(-1);
    const inFolder = item !== null && section !== undefined && section.folder !== '';
    if (inFolder) section.names.push(...codeSpans(item[1]!).map((name) => ({ name, line })));
    const prose = heading ? '' : inFolder ? content.slice(item[0].length) : content;
    for (const span of codeSpans(prose)) {
      if (span.includes('/') && !/^@|\s|^\.\//.test(span)) paths.push({ path: span, line });
    }
  }
  return { sections: sections.filter((section) => section.folder !== ''), paths };
}

function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span!);
}

function childrenOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !UNNAMED.has(name) && !name.startsWith('.') && !/\.test\.tsx?$/.test(name))
    .filter((entry) => !entry.isDirectory() || !isEmpty(join(folder, entry.name)))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}

/** Git knows no empty folder, so the map need not either. */
function isEmpty(folder: string): boolean {
  return !readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());
}

function pattern(name: string): RegExp {
  const escaped = name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${escaped}$`);
}

function floorsIn(text: string): Map<string, number> {
  const rows = [...text.matchAll(/^\| *(\d) *\| ([^|]*)\|/gm)];
  return new Map(
    rows.flatMap(([, floor, cell]) => codeSpans(cell!).map((name) => [name, Number(floor)] as const)),
  );
}

function packageNames(root: string): string[] {
  return readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
