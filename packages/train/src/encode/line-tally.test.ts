import { expect, test } from 'vitest';
import { lineTally } from './line-tally.js';

const digest = (...lines: string[]): string => {
  const tally = lineTally();
  for (const line of lines) tally.add(new TextEncoder().encode(line));
  expect(tally.lines).toBe(lines.length);
  return tally.digest();
};

test('equal lines have an equal digest, others another one', () => {
  expect(digest('a', 'b')).toBe(digest('a', 'b'));
  const others = [
    digest(),
    digest('a'),
    digest('b', 'a'),
    digest('ab'),
    digest('', 'ab'),
    digest('a', 'b', ''),
  ];
  expect(new Set([...others, digest('a', 'b')]).size).toBe(others.length + 1);
  for (const each of others) expect(each).toMatch(/^[0-9a-f]{16}$/);
});

test('10,000 digests of one changed byte are all different', () => {
  const line = new TextEncoder().encode('The quick brown fox jumps over the lazy dog.'.repeat(3));
  const seen = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const tally = lineTally();
    const changed = line.slice();
    changed[i % line.length]! ^= 1 + ((Math.floor(i / line.length) * 3) % 255);
    tally.add(changed);
    tally.add(line);
    seen.add(tally.digest());
  }
  expect(seen.size).toBe(10_000);
});
