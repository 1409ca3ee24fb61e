import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ColBERT } from '../packages/colbert/src/index.js';
import { tinyConfig as tinyEncoderConfig, tinyHead } from '../packages/embedding/src/testing/tiny.js';
import {
  tinyCheckpoint as tinyEncoder,
  writeFiles,
} from '../packages/embedding/src/testing/tiny-checkpoint.js';
import { lossByName } from '../packages/losses/src/index.js';
import { cast, encodeModel, reduceSum, trace } from '../packages/onnx/src/index.js';
import { tinyConfig } from '../packages/reranker/src/testing/tiny.js';
import { tinyCheckpoint } from '../packages/reranker/src/testing/tiny-checkpoint.js';
import { embeddingOptions } from '../packages/train/src/config/embedding-options.js';
import { rerankerOptions } from '../packages/train/src/config/reranker-options.js';
import { canonicalKey } from '../packages/train/src/config/resolve.js';
import { codeSpans, marked, parseReadme, wordsOf } from './readme.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const languages = ['README.md', 'README.zh-CN.md'];
const packages = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'package.json')),
);
const codeOf = (path: string, language: string) =>
  parseReadme(read(path))
    .blocks.filter((block) => block.language === language)
    .map(({ code }) => code);

/** Runs a TypeScript file of ours or of a folder that sees our packages' sources. */
async function node(cwd: string, args: string[]): Promise<string> {
  const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
  const { stdout } = await run(process.execPath, ['--import', tsx, '--conditions=@rag/source', ...args], {
    cwd,
    // The seeds' command names Weights & Biases.
    env: { ...process.env, WANDB_MODE: 'offline' },
  });
  return stdout;
}

describe('parseReadme', () => {
  it('takes a file apart', () => {
    const text = [
      '# One: `two`',
      'A sentence',
      'of two lines.',
      '```ts',
      '# [no](link) | in code',
      '```',
      '| a | b |',
      '| --- | :-: |',
      '| [c](d.md#e) | |',
      '[web](https://x.org) `[no](link)`',
    ].join('\n');
    expect(parseReadme(text)).toEqual({
      blocks: [{ language: 'ts', code: '# [no](link) | in code\n', line: 4 }],
      paragraphs: ['A sentence of two lines.', '[web](https://x.org) `[no](link)`'],
      tables: [
        [
          ['a', 'b'],
          ['[c](d.md#e)', ''],
        ],
      ],
      links: [{ target: 'd.md#e', line: 9 }],
      anchors: ['one-two'],
    });
    expect(() => parseReadme('```ts\nx')).toThrow('line 1: expected a closing fence');
    expect(marked('a\n<!-- x -->\nb\n<!-- /x -->\n', 'x')).toBe('b\n');
    expect(marked('<!-- /x -->\n<!-- x -->\n', 'x')).toBeUndefined();
    expect(wordsOf('rag --query "a b" c')).toEqual(['rag', '--query', 'a b', 'c']);
  });
});

describe('the examples of the README files', () => {
  let folder: string;

  // What the README files suppose: a model, rows, a configuration, passages; and, as in `examples`, our packages.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rag-readme-'));
    symlinkSync(join(root, 'examples/node_modules'), join(folder, 'node_modules'), 'junction');
    symlinkSync(join(root, 'packages'), join(folder, 'packages'), 'junction');
    const config = tinyConfig({ max_position_embeddings: 512 });
    await writeFiles(join(folder, 'my-reranker'), await tinyCheckpoint({ config }));
    const encoder = tinyEncoderConfig({ max_position_embeddings: 512 });
    await writeFiles(
      join(folder, 'my-embedding'),
      await tinyEncoder({ config: encoder, head: { ...tinyHead, dense: [] } }),
    );
    await writeFiles(join(folder, 'bare'), await tinyEncoder({ config: encoder, head: null }));
    const late = await ColBERT.fromPretrained(join(folder, 'bare'), { colbertDim: 8, newHead: true });
    await late.savePretrained(join(folder, 'my-colbert'));
    late.dispose();
    const [rows, triplets] = codeOf('README.md', 'jsonl');
    const [yaml] = codeOf('README.md', 'yaml');
    const model = trace({ input_ids: { dtype: 'int64', shape: ['batch', 'seq'] } }, ({ input_ids }) => ({
      logits: reduceSum(cast(input_ids!, 'float32'), [1]),
    }));
    await writeFiles(folder, {
      'train.jsonl': rows!,
      'dev.jsonl': rows!,
      'triplets.jsonl': triplets!,
      'texts.jsonl': '{"text": "the moon"}\n{"text": "the sun is bright"}\n{"text": "a cat"}\n',
      'training.yaml': yaml!,
      'passages.txt': 'the moon\nthe sun is bright\na cat\nthe dog ran\n',
      'model.onnx': encodeModel(model),
      'package.json': '{"type": "module"}',
    });
  });

  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it.each(languages)('%s: reranks, and trains from code', async (path) => {
    const [first, second, ...more] = codeOf(path, 'ts');
    expect(more).toEqual([]);
    writeFileSync(join(folder, 'first.ts'), first!);
    const printedLists = /^\[([^\]]*)\]\n\[([^\]]*)\]\n/;
    const printed = await node(folder, ['first.ts']);
    const [, cosines, order] = printedLists.exec(printed)!;
    expect(cosines!.match(/-?\d\.\d{3}/g)).toHaveLength(3);
    expect(order!.match(/\d/g)!.sort()).toEqual(['0', '1', '2']);
    const lines = printed.replace(printedLists, '').trim().split('\n');
    const scores = lines.map((line) => Number(/^[0-2] (-?\d+\.\d{3}) \S/.exec(line)![1]));
    expect(scores).toHaveLength(2);
    expect(scores[0]).toBeGreaterThanOrEqual(scores[1]!);

    writeFileSync(join(folder, 'second.ts'), second!);
    const [model, loss, mrr] = (await node(folder, ['second.ts'])).trim().split('\n').at(-1)!.split(' ');
    expect(existsSync(join(folder, model!, 'model.safetensors'))).toBe(true);
    expect(Number(loss)).toBeGreaterThan(0);
    expect(Number(mrr)).toBeGreaterThan(0);
    rmSync(join(folder, 'output'), { recursive: true });
  });

  it('the command lines do what the text says', async () => {
    const commands = codeOf('README.md', 'sh').join('').split('\n');
    const printed: string[] = [];
    for (const command of commands.filter((line) => line.startsWith('rag '))) {
      const [, ...args] = wordsOf(command);
      printed.push(await node(folder, [join(root, 'packages/train/src/cli.ts'), ...args]));
    }
    const [trained, evaluated, reranked] = printed;
    const firstGeneration = printed.at(-1)!;
    expect(printed).toHaveLength(8);
    for (const run of ['embedding', 'student', 'colbert'])
      expect(existsSync(join(folder, 'output', run, 'model/model.safetensors')), run).toBe(true);
    expect(printed[5]).toContain('3 vectors of 16 elements (ragvec); checked by the hash of each text');
    for (const run of ['reranker', 'first-generation'])
      for (const path of ['model/model.safetensors', 'run.json', 'runs/checkpoints/checkpoint_1/config.json'])
        expect(existsSync(join(folder, 'output', run, path)), `${run}/${path}`).toBe(true);
    expect(trained).not.toContain(': running ');
    expect(evaluated).toMatch(/^model .*\nBM25 .*\nchance /m);
    expect(reranked!.trim().split('\n')).toHaveLength(3);
    const quoted = codeSpans(read('README.md')).filter((span) => span.endsWith(': running fp32'));
    expect(quoted).toHaveLength(1);
    expect(firstGeneration).toContain(quoted[0]);
  });

  it('the program that stands for `rag` runs, once it is built', async () => {
    const program = codeSpans(read('README.md')).filter((span) => span.startsWith('node packages/'));
    expect(program).toHaveLength(1);
    const { stdout } = await run(process.execPath, [join(root, wordsOf(program[0]!)[1]!), '--version']);
    expect(stdout.trim()).toBe(JSON.parse(read('packages/train/package.json')).version);
  });

  it('those of @rag/models and @rag/runtime, which need files', async () => {
    writeFileSync(join(folder, 'models.ts'), codeOf('packages/models/README.md', 'ts')[0]!);
    const printed = await node(folder, ['models.ts']);
    expect(printed).toContain("fresh: [ 'classifier.weight', 'classifier.bias' ]");
    expect(existsSync(join(folder, 'output/tiny-reranker/model.safetensors'))).toBe(true);
    // `bench` depends on the packages beneath those that examples use.
    const beneath = join(folder, 'beneath');
    mkdirSync(beneath);
    symlinkSync(join(root, 'bench/node_modules'), join(beneath, 'node_modules'), 'junction');
    copyFileSync(join(folder, 'model.onnx'), join(beneath, 'model.onnx'));
    writeFileSync(join(beneath, 'runtime.ts'), codeOf('packages/runtime/README.md', 'ts')[0]!);
    expect(await node(beneath, ['runtime.ts'])).toBe('[ 1 ] Float32Array(1) [ 2972 ]\n');
  });
});

describe('README.md and README.zh-CN.md', () => {
  const [english, chinese] = languages.map(read);
  const [ours, theirs] = [parseReadme(english!), parseReadme(chinese!)];

  it('hold the same commands, files, code, links and tables', () => {
    const withoutComments = ({ language, code }: { language: string; code: string }) => ({
      language,
      code: code.replace(/^\/\/ .*\n/gm, ''),
    });
    expect(theirs.blocks.map(withoutComments)).toEqual(ours.blocks.map(withoutComments));
    const shape = (table: string[][]) => table.map((row) => row.map((cell) => codeSpans(cell).length));
    expect(theirs.tables.map(shape)).toEqual(ours.tables.map(shape));
    // A page links to others in its own language.
    const files = (links: { target: string }[]) =>
      links.map(({ target }) => target.replace(/#.*/, '').replace(/\.zh-CN(?=\.md$)/, ''));
    expect(files(theirs.links).slice(1)).toEqual(files(ours.links).slice(1));
    for (const name of ['example-output', 'bench']) {
      expect(marked(english!, name), name).toBeDefined();
      expect(marked(chinese!, name), name).toBeDefined();
    }
  });

  it('the test command is what .ci/run runs, with the pinned pnpm', () => {
    const commands = ours.blocks.filter(({ code }) => code.startsWith('npx ')).map(({ code }) => code.trim());
    const { packageManager } = JSON.parse(read('package.json'));
    const steps = read('.ci/run')
      .split(/\r?\n/)
      .map((line) => /^\s*(npx --yes pnpm@\S+ (?:install --frozen-lockfile|test))(?= |$)/.exec(line)?.[1])
      .filter((step) => step !== undefined);
    expect(commands).toHaveLength(2);
    expect(commands[1]).toBe(steps.join(' && '));
    expect(commands[0]).toMatch(/ --filter examples train$/);
    for (const command of commands)
      for (const [, pnpm] of command.matchAll(/npx --yes (\S+)/g)) expect(pnpm).toBe(packageManager);
  });

  it('the query of the example is the one that the text says', () => {
    const [, query] = /query: \{ type: 'string', default: '(.*)' \}/.exec(
      read('examples/train-reranker.ts'),
    )!;
    for (const text of [english!, chinese!]) expect(codeSpans(text)).toContain(query);
  });

  it('the script that adds CUDA is where the command says', () => {
    const command = ours.blocks.find(({ code }) => code.includes('=cuda12'))!.code;
    expect(existsSync(join(root, wordsOf(command)[1]!))).toBe(true);
  });

  it('every name of the table of spellings means what its row says', () => {
    const table = ours.tables.find(([head]) => head![0]!.startsWith('RAG-Retrieval'))!;
    const options = { ...embeddingOptions, ...rerankerOptions };
    let checked = 0;
    for (const [stored, ...others] of table.slice(1)) {
      const [key, value] = codeSpans(stored!)[0]!.split(': ') as [keyof typeof options, string?];
      for (const name of others.flatMap(codeSpans)) {
        if (value === undefined) expect(canonicalKey(options, name)).toBe(key);
        else if (key === 'loss_type') expect(lossByName(name).names[0]).toBe(value);
        else expect(options[key].kind.schema.parse(name)).toBe(value);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(15);
  });
});

describe.each(packages)('packages/%s/README.md', (name) => {
  it('has one sentence, one example that a test runs, and one table', () => {
    const folder = join('packages', name);
    const { blocks, paragraphs, tables } = parseReadme(read(join(folder, 'README.md')));
    expect(read(join(folder, 'README.md')).startsWith(`# @rag/${name}\n\n${paragraphs[0]}\n`)).toBe(true);
    expect(paragraphs[0]!.replaceAll('e.g. ', '')).toMatch(/^(?!.*\. )[A-Z].*\.$/);
    expect(blocks.filter(({ language }) => language === 'ts' || language === 'js')).toHaveLength(1);
    expect(tables).toHaveLength(1);
    const here = ['models', 'runtime'].includes(name);
    const own = readdirSync(join(root, folder, 'src')).some((file) =>
      /^readme(\.cpu)?\.test\.ts$/.test(file),
    );
    expect(here || own, 'a test that runs the example').toBe(true);
  });
});

describe('relative links', () => {
  const folders = ['.', 'example_data', 'examples', 'bench', ...packages.map((name) => `packages/${name}`)];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );

  it.each(files)('%s', (file) => {
    for (const { target, line } of parseReadme(read(file)).links) {
      const [path, anchor] = target.split('#');
      const linked = path === '' ? file : join(dirname(file), path!);
      expect(existsSync(join(root, linked)), `${file}:${line}: ${target}`).toBe(true);
      if (anchor !== undefined)
        expect(parseReadme(read(linked)).anchors, `${file}:${line}`).toContain(decodeURI(anchor));
    }
  });
});
