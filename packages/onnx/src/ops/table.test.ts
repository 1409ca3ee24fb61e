import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Op } from '../ir/op.js';
import { opKey, opTable } from './table.js';

const folder = new URL('.', import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

const opsIn = async (source: string): Promise<Op[]> =>
  Object.values(await import(new URL(source, folder).href)).filter(
    (value): value is Op => typeof value === 'object' && value !== null && 'opType' in value,
  );

test('the table holds every op of every file, and every file with ops is under testFamily', async () => {
  const seen = new Set<Op>();
  for (const source of sources.filter((name) => name !== 'index.ts')) {
    const ops = await opsIn(source);
    for (const op of ops) seen.add(op);
    if (ops.length === 0) continue;
    const exam = readFileSync(new URL(source.replace('.ts', '.cpu.test.ts'), folder), 'utf8');
    expect(exam).toContain(`import * as family from './${source.replace('.ts', '.js')}'`);
    expect(exam).toMatch(/^testFamily\(\s*family,/m);
  }
  expect(new Set(opTable.values())).toEqual(seen);
  for (const op of seen) expect(opTable.get(opKey(op.domain, op.opType))).toBe(op);
});

test('the default domain has two spellings', () => {
  expect(opKey('ai.onnx', 'Add')).toBe(opKey('', 'Add'));
  expect(opKey('com.microsoft', 'Gelu')).not.toBe(opKey('', 'Gelu'));
});
