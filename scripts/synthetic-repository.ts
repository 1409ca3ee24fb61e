import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Writes a small repository for one test and removes it afterwards. Content that is no string is stored as JSON. */
export function syntheticRepository(files: Record<string, string | object>): string {
  const root = mkdtempSync(join(tmpdir(), 'rag-house-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
}

/** The package.json of a synthetic package whose entries are the given subpaths of `src`. */
export function syntheticManifest(name: string, dependencies: string[] = [], entries = ['.']): object {
  return {
    name,
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, 'workspace:*'])),
    exports: Object.fromEntries(
      entries.map((entry) => [
        entry,
        { '@rag/source': `./src/${entry === '.' ? '' : `${entry.slice(2)}/`}index.ts` },
      ]),
    ),
  };
}
