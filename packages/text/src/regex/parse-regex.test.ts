import { expect, it } from 'vitest';
import { parseRegex, type RegexNode, UnsupportedRegexError } from './parse-regex.js';

/** A node as text in which every group is marked. */
function shown(node: RegexNode): string {
  switch (node.kind) {
    case 'char':
    case 'assert':
      return node.source;
    case 'sequence':
      return `<${node.items.map(shown).join(' ')}>`;
    case 'choice':
      return `<${node.options.map(shown).join('|')}>`;
    case 'repeat':
      return `${shown(node.item)}{${node.min},${node.max}${node.lazy ? '?' : ''}}`;
    case 'look':
      return `(${node.behind ? '<' : ''}${node.negated ? '!' : '='} ${shown(node.item)})`;
  }
}

it.each([
  ['ab|c', '<<a b>|c>'],
  ['', '<>'],
  ['a|', '<a|<>>'],
  ['a*b+?c??d{2}e{3,}f{4,5}?', '<a{0,Infinity} b{1,Infinity?} c{0,1?} d{2,2} e{3,Infinity} f{4,5?}>'],
  ['(?:ab)+', '<a b>{1,Infinity}'],
  ['(a|(?<name>b))c', '<<a|b> c>'],
  ['(?=a)(?!b)(?<=c)(?<!d)', '<(= a) (! b) (<= c) (<! d)>'],
  ['^a$\\b\\B', '<^ a $ \\b \\B>'],
  ['[^a-z\\]|(][]]', null],
  ['[^a-z\\]|(]+', '[^a-z\\]|(]{1,Infinity}'],
  [
    '\\p{L}\\P{Script=Han}\\u{1F600}\\ud83d\\ude00\\u0041\\x41\\cA\\n\\.',
    '<\\p{L} \\P{Script=Han} \\u{1F600} \\ud83d\\ude00 \\u0041 \\x41 \\cA \\n \\.>',
  ],
  ['.👍', '<. 👍>'],
])('%s', (source, expected) => {
  if (expected === null) return expect(() => new RegExp(source, 'u')).toThrow(SyntaxError);
  expect(new RegExp(source, 'u')).toBeInstanceOf(RegExp);
  expect(shown(parseRegex(source))).toBe(expected);
});

it.each([
  ['(a)\\1', 'a reference to a group'],
  ['(?<x>a)\\k<x>', 'a reference to a group'],
  [`${'('.repeat(200)}a${')'.repeat(200)}`, 'groups nested more than 128 deep'],
  ['(?i:a)', 'modifiers of a group'],
])('%s is refused', (source, message) => {
  expect(() => parseRegex(source)).toThrow(UnsupportedRegexError);
  expect(() => parseRegex(source)).toThrow(message);
});
