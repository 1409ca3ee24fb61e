import { expect, test } from 'vitest';
import { functionTable } from './function-table.js';

test('knows the version that onnxruntime-node installs, each function at a place of its own', () => {
  const table = functionTable('1.30.0');
  const places = Object.values(table.indices);
  expect(new Set(places).size).toBe(places.length);
  expect(Math.max(...places)).toBeLessThan(table.entries);
  expect(table.indices.Run).toBe(9);
});

test('refuses other versions by name', () => {
  for (const version of ['1.31.0', '1.30', '', 'toString']) {
    expect(() => functionTable(version)).toThrow(
      `driver 'ffi': expected ONNX Runtime 1.30.0, got ${version} — install that onnxruntime-node, or use driver 'node'`,
    );
  }
});
