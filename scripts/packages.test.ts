import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const folders = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'package.json')),
);

/** Runs a development dependency's command on this Node, without a shell or a `.cmd` file in between. */
async function command(dependency: string, bin: string, args: string[], cwd = root): Promise<string> {
  const folder = join(root, 'node_modules', dependency);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { stdout } = await run(process.execPath, [join(folder, manifest.bin[bin]), ...args], { cwd }).catch(
    (cause) => {
      throw new Error(
        `${bin} ${args.join(' ')}: expected exit 0, got ${cause.code}\n${cause.stdout}${cause.stderr}`,
        { cause },
      );
    },
  );
  return stdout;
}

/** The regular files of a tarball: ustar headers of 512 bytes, each followed by its content in 512-byte blocks. */
function readTarball(path: string): Map<string, string> {
  const bytes = gunzipSync(readFileSync(path));
  const files = new Map<string, string>();
  const text = (start: number, length: number) =>
    bytes.toString('utf8', start, start + length).split('\0')[0]!;
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    files.set(text(at, 100), bytes.toString('utf8', at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

describe.each(folders)('packages/%s', (name) => {
  const folder = join(root, 'packages', name);
  let target: string;
  let tarball: string;
  let files: Map<string, string>;

  beforeAll(async () => {
    if (!existsSync(join(folder, 'dist'))) {
      throw new Error(
        `packages/${name}/dist: expected the built package, got no such folder — run pnpm run build first`,
      );
    }
    target = mkdtempSync(join(tmpdir(), 'rag-pack-'));
    await command('pnpm', 'pnpm', ['pack', '--pack-destination', target], folder);
    tarball = join(target, readdirSync(target).find((file) => file.endsWith('.tgz'))!);
    files = readTarball(tarball);
  });

  afterAll(() => {
    if (target !== undefined) rmSync(target, { recursive: true });
  });

  it('packs what it promises: every export, the licence and the README, no sources of ours to resolve', () => {
    const manifest = files.get('package/package.json')!;
    expect(manifest).not.toContain('@rag/source');
    expect(manifest).not.toContain('workspace:');
    const { exports, bin } = JSON.parse(manifest);
    const promised = [...Object.values(exports).flatMap((entry) => leaves(entry)), ...leaves(bin ?? {})];
    expect(promised.length).toBeGreaterThan(1);
    for (const path of promised) expect(files.has(`package/${path.replace(/^\.\//, '')}`), path).toBe(true);
    for (const path of ['LICENSE', 'README.md']) expect(files.has(`package/${path}`), path).toBe(true);
    expect([...files.keys()].filter((path) => path.startsWith('package/src/'))).toEqual([]);
  });

  it('publint finds nothing to warn of', async () => {
    expect(await command('publint', 'publint', ['run', tarball, '--strict'])).toContain('All good!');
  });

  it('its types resolve as its code does', async () => {
    const printed = await command('@arethetypeswrong/cli', 'attw', [
      ...[tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'],
    ]);
    const resolved = printed.split('\n').filter((line) => /^(node16 \(from ESM\)|bundler): /.test(line));
    expect(resolved.length).toBeGreaterThan(3);
    expect(resolved.filter((line) => !line.includes(': OK'))).toEqual([]);
  });
});

/** The strings at the ends of an exports or bin entry. */
function leaves(entry: unknown): string[] {
  if (typeof entry === 'string') return [entry];
  return Object.values(entry as object).flatMap((value) => leaves(value));
}
