import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { tasks } from '../recipes/tasks.js';
import type { RunFiles } from '../run-files.js';
import { examineBeforeRun } from './before-run.js';
import { RefusedRunError } from './refused-run-error.js';

const rows = (label: (index: number) => number): string =>
  Array.from({ length: 30 }, (_, i) =>
    JSON.stringify({ query: `query ${i}`, content: `passage ${i}`, label: label(i) }),
  ).join('\n');

/** A platform with rows and an earlier run; there is no model, which the run itself would tell. */
const platformOf = (text: string) => ({
  files: {
    openData: async (path: string) => bytesSource(path, text),
    openModel: async () => undefined,
    readText: async () => undefined,
    list: async () => ['model'],
  } as unknown as RunFiles,
});

function asked() {
  const settings = { model_name_or_path: 'model', train_dataset: 'rows.jsonl', loss_type: 'pointwise_bce' };
  const layer = Object.entries(settings).map(([key, value]) => ({ key, value, where: `--${key}` }));
  return { task: 'reranker', resolved: tasks.reranker.resolve([layer]) } as const;
}

function listened() {
  const said: string[] = [];
  return { said, say: (line: string) => void said.push(line) };
}

test('a known killer is told and refused before anything is trained, by its report', async () => {
  const { said, say } = listened();
  const refused = examineBeforeRun(asked(), platformOf(rows(() => 1)), { mode: 'refuse', say });
  await expect(refused).rejects.toThrow(
    /^train reranker: expected a run without known killers, got 1: .*expected .* — .* — or pass --force \(in code doctor: 'tell'\)$/,
  );
  const error = (await refused.catch((reason: unknown) => reason)) as RefusedRunError;
  expect(error).toBeInstanceOf(RefusedRunError);
  expect(error.report.findings.map(({ code }) => code)).toContain('one-valued-labels');
  expect(said.some((line) => line.startsWith('doctor: error: '))).toBe(true);
});

test('what is forced is told all the same', async () => {
  const { said, say } = listened();
  const report = await examineBeforeRun(asked(), platformOf(rows(() => 1)), { mode: 'tell', say });
  expect(report!.findings.some(({ severity }) => severity === 'error')).toBe(true);
  expect(said.some((line) => line.startsWith('doctor: error: '))).toBe(true);
});

test('what the run ends by in its own words is left to it', async () => {
  const { said, say } = listened();
  const report = await examineBeforeRun(asked(), platformOf(rows((i) => i % 2)), { mode: 'refuse', say });
  const codes = report!.findings.map(({ code }) => code);
  expect(codes).not.toContain('model');
  expect(codes).not.toContain('earlier-run');
  expect(said).toEqual(
    report!.findings.map(({ severity }) => expect.stringContaining(`doctor: ${severity}`)),
  );
});

test('a doctor that is off looks at nothing', async () => {
  const { said, say } = listened();
  const files = {} as RunFiles;
  expect(await examineBeforeRun(asked(), { files }, { mode: 'off', say })).toBeUndefined();
  expect(said).toEqual([]);
});
