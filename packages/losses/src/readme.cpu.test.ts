import { readFileSync } from 'node:fs';
import * as onnx from '@rag/onnx';
import * as ort from 'onnxruntime-node';
import { expect, test, vi } from 'vitest';
import * as losses from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const modules: Record<string, object> = { '@rag/losses': losses, '@rag/onnx': onnx, 'onnxruntime-node': ort };

test("the README's example runs and prints what it says", async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const imports = [...code.matchAll(/^import \{ (.*) \} from '(.*)';$/gm)];
  expect(imports).toHaveLength(3);
  const names = imports.flatMap(([, list]) => list!.split(', '));
  const values = imports.flatMap(([, list, from]) => {
    const exported = new Map(Object.entries(modules[from!]!));
    return list!.split(', ').map((name) => exported.get(name));
  });
  const body = code.replaceAll(/^import .*$/gm, '');
  const log = vi.fn();
  await new Function(...names, 'console', `return (async () => {${body}})()`)(...values, { log });
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  const mean = (softplus(-3) + softplus(-1.5) + softplus(-2) + softplus(0)) / 4;
  const printed = log.mock.calls.map(([value]) => value);
  expect(printed).toEqual(['pairs', expect.closeTo(mean, 5), 0]);
  expect(code).toContain(`// ${String(printed[1]).slice(0, 6)}…`);
});

test("the README's table names every loss as the code does", () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
  const documented = rows.map((row) => {
    const cells = row.split('|').map((cell) => cell.trim());
    return { weight: cells[4], names: [...cells[5]!.matchAll(/`(.*?)`/g)].map(([, name]) => name) };
  });
  expect(documented).toEqual(losses.namedLosses.map(({ weight, names }) => ({ weight, names })));
  for (const row of rows) expect(Object.keys(losses)).toContain(/`(.*?)`/.exec(row)![1]);
});
