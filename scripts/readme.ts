/** A fenced block of code. */
export interface CodeBlock {
  /** What stands behind the fence; '' for nothing. */
  language: string;
  code: string;
  /** Of the opening fence, from 1. */
  line: number;
}

/** A markdown file, taken apart as far as its tests need. */
export interface Readme {
  blocks: CodeBlock[];
  /** Texts between blank lines, without headings, code, tables, lists and comments. */
  paragraphs: string[];
  /** Rows of trimmed cells, without the line under the head. */
  tables: string[][][];
  /** Targets of links and pictures that have no protocol. */
  links: { target: string; line: number }[];
  /** What `#anchor` may name, as GitHub makes it of headings. */
  anchors: string[];
}

/** Reads the markdown that our README files are written in: fences of three backticks, tables with outer bars. */
export function parseReadme(text: string): Readme {
  const readme: Readme = { blocks: [], paragraphs: [], tables: [], links: [], anchors: [] };
  let open: CodeBlock | undefined;
  let [table, paragraph]: [string[][], string[]] = [[], []];
  for (const [i, content] of `${text}\n`.split(/\r?\n/).entries()) {
    if (open) {
      if (content === '```') open = undefined;
      else open.code += `${content}\n`;
      continue;
    }
    const isRow = content.startsWith('|');
    if (isRow) table.push(cellsOf(content));
    else if (table.length > 0) {
      readme.tables.push(table.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell))));
      table = [];
    }
    const fence = /^```(.*)$/.exec(content);
    if (fence) {
      open = { language: fence[1]!, code: '', line: i + 1 };
      readme.blocks.push(open);
    }
    const heading = /^#+ (.*)$/.exec(content);
    if (heading) readme.anchors.push(anchorOf(heading[1]!));
    if (!fence && !heading && !isRow && /^[^-<]/.test(content)) paragraph.push(content);
    else if (paragraph.length > 0) {
      readme.paragraphs.push(paragraph.join(' '));
      paragraph = [];
    }
    for (const [, target] of content.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g))
      if (!/^[a-z]+:/.test(target!)) readme.links.push({ target: target!, line: i + 1 });
  }
  if (open)
    throw new Error(`line ${open.line}: expected a closing fence, got the end of the file — close it`);
  return readme;
}

/** The text between `<!-- name -->` and `<!-- /name -->`, or undefined where a marker is missing or out of order. */
export function marked(text: string, name: string): string | undefined {
  return new RegExp(`^<!-- ${name} -->\r?\n([\\s\\S]*?)^<!-- /${name} -->$`, 'm').exec(text)?.[1];
}

/** A command line's words; double quotes hold one together. Nothing else of a shell is known. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** Texts between backticks. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
}

function cellsOf(row: string): string[] {
  return row
    .replace(/^\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}
