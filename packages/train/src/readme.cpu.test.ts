import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { type TrainOptions, train } from './node/train.js';
import { settingsRows } from './testing/settings-table.js';
import { writeTinyRun } from './testing/tiny-run.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'rag-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('its table is the table of settings', () => {
  const written = readme
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  expect(written).toEqual(settingsRows());
});

test('its example trains, here on smaller files, and prints what it says', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const statement = "import { train } from '@rag/train/node';\n";
  expect(code).toContain(statement);
  const tiny = await writeTinyRun(folder);
  const smaller = (options: TrainOptions) =>
    train(
      {
        ...options,
        modelNameOrPath: tiny.model,
        initFromConfig: true,
        trainDataset: tiny.train,
        valDataset: tiny.val,
        outputDir: join(folder, 'out'),
        threads: 1,
      },
      { listener: { say: () => {}, step: () => {} } },
    );
  const log = vi.fn();
  await new Function('train', 'console', `return (async () => {${code.replace(statement, '')}})()`)(smaller, {
    log,
  });
  const [model, difference] = log.mock.calls[0]!;
  expect(model).toBe(`${join(folder, 'out')}/model`);
  expect(difference).toMatchObject({ difference: expect.any(Number), low: expect.any(Number) });
});
