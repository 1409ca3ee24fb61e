import { expect, test } from 'vitest';
import { explainThrown, repairFree } from './genuine-loader.js';

/** A heap with texts at addresses, and pointers to them at words. */
function heapOf(texts: Record<number, string>, pointers: Record<number, number>): Uint8Array {
  const heap = new Uint8Array(1024);
  for (const [at, text] of Object.entries(texts)) heap.set(new TextEncoder().encode(text), Number(at));
  const view = new DataView(heap.buffer);
  for (const [at, pointer] of Object.entries(pointers)) view.setUint32(Number(at), pointer, true);
  return heap;
}

test('a thrown address is explained by the texts to which its words point, each once', () => {
  const heap = heapOf(
    {
      600: 'checkpoint.cc:655\n  version 3 is not supported',
      700: 'short',
      800: 'not text at all \u0001\u0002',
    },
    { 64: 600, 68: 700, 72: 800, 76: 600, 80: 4_000_000_000 },
  );
  expect(explainThrown(64, heap)).toBe('C++ exception: checkpoint.cc:655 version 3 is not supported');
});

test('an address without text, at the end of the heap, or before the heap exists', () => {
  const heap = heapOf({}, {});
  expect(explainThrown(64, heap)).toMatch(/at 64, without text/);
  expect(explainThrown(1020, heap)).toMatch(/at 1020, without text/);
  expect(explainThrown(5000, heap)).toMatch(/at 5000, without text/);
  expect(explainThrown(64, undefined)).toBe('C++ exception at 64');
});

test('an Error keeps its message', () => {
  expect(explainThrown(new Error('no'), undefined)).toBe('no');
  expect(explainThrown('text', undefined)).toBe('text');
});

test('frees of stack addresses are dropped, all others reach the runtime', () => {
  const freed: number[] = [];
  const real = (pointer: number) => {
    freed.push(pointer);
  };
  const module = {
    HEAPU8: new Uint8Array(0),
    stackSave: () => 1000,
    // emscripten's stub replaces itself on its first call.
    _free(pointer: number) {
      module._free = real;
      real(pointer);
    },
  };
  let dropped = 0;
  repairFree(module, () => dropped++);
  for (const pointer of [900, 1000, 1001, 0, 5000]) module._free(pointer);
  expect(freed).toEqual([0, 1001, 0, 5000]);
  expect(dropped).toBe(2);
});
