import { expect, it } from 'vitest';
import { PieceTrie } from './piece-trie.js';

/** [end, id] of every piece at the start of `text`. */
function prefixes(trie: PieceTrie, text: string): [number, number][] {
  const found: [number, number][] = [];
  for (let i = 0, node = 0; i < text.length; i += 1) {
    node = trie.child(node, text.charCodeAt(i));
    if (node === -1) break;
    if (trie.id(node) !== -1) found.push([i + 1, trie.id(node)]);
  }
  return found;
}

it('finds prefixes, shortest first, and lets a later id win', () => {
  const trie = new PieceTrie();
  ['a', 'abc', '𠀀', 'a'].forEach((piece, id) => {
    trie.add(piece, id);
  });
  expect(prefixes(trie, 'abcd')).toEqual([
    [1, 3],
    [3, 1],
  ]);
  expect(prefixes(trie, '𠀀')).toEqual([[2, 2]]);
  expect(prefixes(trie, 'b')).toEqual([]);
});

it('keeps every piece while growing', () => {
  const trie = new PieceTrie();
  const pieces = Array.from({ length: 30_000 }, (_, i) => (i * 7919).toString(36));
  pieces.forEach((piece, id) => {
    trie.add(piece, id);
  });
  const lost = pieces.filter((piece, id) => prefixes(trie, piece).at(-1)?.join() !== `${piece.length},${id}`);
  expect(lost).toEqual([]);
});
