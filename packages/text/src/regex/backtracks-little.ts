import type { RegexNode } from './parse-regex.js';

/** Ways to match the bounded parts of one alternative that a backtracking engine may try at one place. */
const MAX_WAYS = 4096;
/** Repetitions of one character that are bounded. */
const MAX_COUNT = 1000;

/**
 * Whether a backtracking engine finds all matches of a pattern in time that grows with the length of the text: each alternative
 * has no loop within a loop, and after its first loop nothing can fail, or what can fail is one character and a later alternative
 * takes all that the loop took (as `\s+(?!\S)|\s+` of GPT-2 and `\s*[\r\n]+|\s+` of Llama 3). So the patterns of known tokenizers
 * are; for others the answer may be false though they would do.
 */
export function backtracksLittle(pattern: RegexNode): boolean {
  const alternatives = (pattern.kind === 'choice' ? pattern.options : [pattern]).map(itemsOf);
  return alternatives.every((items, i) => {
    const loop = items.findIndex(isLoop);
    const bounded = loop < 0 ? items : items.slice(0, loop);
    if (!bounded.every(isBounded) || bounded.reduce((ways, item) => ways * waysOf(item), 1) > MAX_WAYS)
      return false;
    if (loop < 0) return true;
    const rest = items.slice(loop + 1);
    if (!isSimple(items[loop]!)) return false;
    if (rest.every(cannotFail)) return true;
    const [next, ...others] = rest as [RegexNode, ...RegexNode[]];
    const simple =
      next.kind === 'look'
        ? isChar(next.item)
        : isChar(next) || (isSimple(next) && next.kind === 'repeat' && next.min <= 1);
    return (
      simple &&
      others.every(cannotFail) &&
      alternatives.slice(i + 1).some((later) => takesAsMuch(later, items, loop))
    );
  });
}

const itemsOf = (node: RegexNode): readonly RegexNode[] => (node.kind === 'sequence' ? node.items : [node]);
const isChar = (node: RegexNode): boolean => node.kind === 'char';
const isLoop = (node: RegexNode): boolean => node.kind === 'repeat' && node.max === Number.POSITIVE_INFINITY;
/** A repeated character: it matches in one way at each length. */
const isSimple = (node: RegexNode): boolean =>
  node.kind === 'repeat' && isChar(node.item) && node.min <= MAX_COUNT;

/** Without a loop at any depth, and with counts that are small. */
function isBounded(node: RegexNode): boolean {
  switch (node.kind) {
    case 'char':
    case 'assert':
      return true;
    case 'repeat':
      return node.max <= MAX_COUNT && (isChar(node.item) || (node.max <= 1 && isBounded(node.item)));
    case 'look':
      return isBounded(node.item);
    case 'sequence':
      return node.items.every(isBounded);
    case 'choice':
      return node.options.every(isBounded);
  }
}

/** How many ways there are at most to match a bounded part. */
function waysOf(node: RegexNode): number {
  switch (node.kind) {
    case 'char':
    case 'assert':
      return 1;
    case 'repeat':
      return (node.max - node.min + 1) * waysOf(node.item);
    case 'look':
      return waysOf(node.item);
    case 'sequence':
      return node.items.reduce((ways, item) => ways * waysOf(item), 1);
    case 'choice':
      return node.options.reduce((ways, option) => ways + waysOf(option), 0);
  }
}

/** Matches nothing rather than fail, in few ways. */
const cannotFail = (node: RegexNode): boolean =>
  node.kind === 'repeat' &&
  node.min === 0 &&
  (isSimple(node) || (isBounded(node) && waysOf(node) <= MAX_WAYS));

/** Whether an alternative matches wherever the loop of another one took a character, and takes all that the loop took. */
function takesAsMuch(later: readonly RegexNode[], items: readonly RegexNode[], loop: number): boolean {
  const own = later[loop];
  const other = items[loop]!;
  return (
    own?.kind === 'repeat' &&
    other.kind === 'repeat' &&
    own.min <= 1 &&
    isLoop(own) &&
    !own.lazy &&
    JSON.stringify(own.item) === JSON.stringify(other.item) &&
    JSON.stringify(later.slice(0, loop)) === JSON.stringify(items.slice(0, loop)) &&
    later.slice(loop + 1).every(cannotFail)
  );
}
