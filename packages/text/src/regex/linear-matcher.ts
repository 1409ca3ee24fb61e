import { type RegexNode, UnsupportedRegexError } from './parse-regex.js';

/** One match: `0` is its text, as in what `matchAll` gives. */
export interface PatternMatch {
  /** UTF-16 units from the start of the text. */
  readonly index: number;
  readonly 0: string;
}

/** One step of a program; -1 as `next` is the end of the program that it is in. */
type Step =
  | {
      readonly kind: 'char';
      readonly accepts: (codePoint: number) => boolean;
      readonly back: boolean;
      readonly next: number;
    }
  | { readonly kind: 'assert'; readonly source: string; readonly next: number }
  | { readonly kind: 'look'; readonly start: number; readonly negated: boolean; readonly next: number }
  /** Tries `next`, then `other`. */
  | { readonly kind: 'split'; next: number; other: number };

const END = -1;
/** Steps of a program: counted repetitions are written out. */
const MAX_STEPS = 4096;
/** Steps times places that are remembered, one byte each. */
const MAX_CELLS = 2 ** 28;

const UNKNOWN = 0;
const FAILED = 1;
const MATCHED = 2;

/**
 * Finds what `text.matchAll(new RegExp(source, 'gu'))` finds, in time and memory of steps × length whatever the pattern: a
 * backtracking search that remembers each step that failed at a place, and never tries it there again. That is exact since
 * without references to groups a step's outcome depends on the place only. After R. Cox, "Regular Expression Matching in the Wild"
 * (2010), the section on bit-state backtracking.
 * @throws UnsupportedRegexError for a pattern of more than 4096 steps; RangeError from the search for a text too long for it
 */
export function linearMatcher(pattern: RegexNode): (text: string) => Iterable<PatternMatch> {
  const { steps, start } = compile(pattern);
  return function* matches(text) {
    const width = text.length + 1;
    if (steps.length * width > MAX_CELLS) {
      const most = Math.floor(MAX_CELLS / steps.length);
      throw new RangeError(
        `pattern: expected a text of at most ${most} characters, got ${text.length} — cut it into parts`,
      );
    }
    const search = new Search(steps, text);
    for (let from = 0; from <= text.length; ) {
      const end = search.run(start, from, false);
      if (end === undefined) {
        from += widthAt(text, from);
        continue;
      }
      yield { index: from, 0: text.slice(from, end) };
      from = end > from ? end : end + widthAt(text, end);
    }
  };
}

function canBeEmpty(node: RegexNode): boolean {
  switch (node.kind) {
    case 'char':
      return false;
    case 'assert':
    case 'look':
      return true;
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.item);
    case 'sequence':
      return node.items.every(canBeEmpty);
    case 'choice':
      return node.options.some(canBeEmpty);
  }
}

const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

function compile(pattern: RegexNode): { steps: readonly Step[]; start: number } {
  const steps: Step[] = [];
  const classes = new Map<string, (codePoint: number) => boolean>();
  const push = (step: Step): number => {
    if (steps.length === MAX_STEPS) throw new UnsupportedRegexError(`more than ${MAX_STEPS} steps`);
    return steps.push(step) - 1;
  };
  const accepting = (source: string) => {
    let accepts = classes.get(source);
    if (!accepts) {
      const regexp = new RegExp(`^(?:${source})$`, 'u');
      const known = new Map<number, boolean>();
      accepts = (codePoint) => {
        let answer = known.get(codePoint);
        if (answer === undefined) {
          answer = regexp.test(String.fromCodePoint(codePoint));
          known.set(codePoint, answer);
        }
        return answer;
      };
      classes.set(source, accepts);
    }
    return accepts;
  };
  /** The first step of a node before the step `next`; `back`: the text is read from right to left. */
  const write = (node: RegexNode, next: number, back: boolean): number => {
    switch (node.kind) {
      case 'char':
        return push({ kind: 'char', accepts: accepting(node.source), back, next });
      case 'assert':
        return push({ kind: 'assert', source: node.source, next });
      case 'look':
        return push({
          kind: 'look',
          start: write(node.item, END, node.behind),
          negated: node.negated,
          next,
        });
      case 'sequence':
        return (back ? node.items : node.items.toReversed()).reduce(
          (after, item) => write(item, after, back),
          next,
        );
      case 'choice':
        return node.options
          .map((option) => write(option, next, back))
          .reduceRight((other, start) => push({ kind: 'split', next: start, other }));
      case 'repeat':
        return writeRepeat(node, next, back);
    }
  };
  const writeRepeat = (node: RegexNode & { kind: 'repeat' }, next: number, back: boolean): number => {
    const { item, min, max, lazy } = node;
    const ordered = (inside: number, outside: number): Step =>
      lazy
        ? { kind: 'split', next: outside, other: inside }
        : { kind: 'split', next: inside, other: outside };
    let start = next;
    // JavaScript undoes a repetition that took nothing; so no step comes twice to a place, and outcomes hang on the place only.
    if (min < max && canBeEmpty(item)) throw new UnsupportedRegexError('a repetition of what can be empty');
    if (max === Number.POSITIVE_INFINITY) {
      // The loop's head is written first, so that its body can lead back to it.
      const head = push({ kind: 'split', next: END, other: END });
      Object.assign(steps[head]!, ordered(write(item, head, back), next));
      start = head;
    } else {
      for (let i = min; i < max; i++) start = push(ordered(write(item, start, back), next));
    }
    for (let i = 0; i < min; i++) start = write(item, start, back);
    return start;
  };
  const start = write(pattern, END, false);
  return { steps, start };
}

/** A search in one text; what it learns about steps at places serves all its runs. */
class Search {
  readonly #outcome: Uint8Array;
  readonly #width: number;
  /** Step and place of each open try, in turn; then which of a split's ways is next. */
  #stack = new Int32Array(3 * 64);

  constructor(
    readonly steps: readonly Step[],
    readonly text: string,
  ) {
    this.#width = text.length + 1;
    this.#outcome = new Uint8Array(steps.length * this.#width);
  }

  /** The place where a match from `at` ends, or undefined; `keep`: only whether there is one matters, and is remembered. */
  run(start: number, at: number, keep: boolean): number | undefined {
    if (start === END) return at;
    const outcome = this.#outcome;
    const base = this.#depth;
    let end: number | undefined;
    if (outcome[start * this.#width + at] === MATCHED) return at;
    if (outcome[start * this.#width + at] === UNKNOWN) this.#open(start, at);
    while (this.#depth > base) {
      const top = this.#depth - 3;
      const step = this.#stack[top]!;
      const place = this.#stack[top + 1]!;
      const target = this.#advance(this.steps[step]!, place, this.#stack[top + 2]!++);
      if (target === undefined) {
        outcome[step * this.#width + place] = FAILED;
        this.#depth -= 3;
        continue;
      }
      const [next, to] = target;
      const known = next === END ? MATCHED : outcome[next * this.#width + to]!;
      if (known === MATCHED) {
        end = to;
        break;
      }
      if (known === UNKNOWN) this.#open(next, to);
    }
    // What is open led to the match.
    for (let i = base; keep && i < this.#depth; i += 3) {
      outcome[this.#stack[i]! * this.#width + this.#stack[i + 1]!] = MATCHED;
    }
    this.#depth = base;
    return end;
  }

  #depth = 0;

  #open(step: number, place: number): void {
    if (this.#depth + 3 > this.#stack.length) {
      const grown = new Int32Array(2 * this.#stack.length);
      grown.set(this.#stack);
      this.#stack = grown;
    }
    this.#stack[this.#depth] = step;
    this.#stack[this.#depth + 1] = place;
    this.#stack[this.#depth + 2] = 0;
    this.#depth += 3;
  }

  /** Where a step leads to the n-th time that it is tried at a place. */
  #advance(step: Step, place: number, n: number): readonly [next: number, place: number] | undefined {
    if (step.kind === 'split')
      return n === 0 ? [step.next, place] : n === 1 ? [step.other, place] : undefined;
    if (n > 0) return undefined;
    switch (step.kind) {
      case 'char': {
        const from = step.back ? this.#before(place) : place;
        const codePoint = from < 0 ? undefined : this.text.codePointAt(from);
        if (codePoint === undefined || !step.accepts(codePoint)) return undefined;
        return [step.next, step.back ? from : place + (codePoint > 0xffff ? 2 : 1)];
      }
      case 'look': {
        const found = this.run(step.start, place, true) !== undefined;
        return found === step.negated ? undefined : [step.next, place];
      }
      case 'assert':
        return this.#holds(step.source, place) ? [step.next, place] : undefined;
    }
  }

  /** The start of the code point before a place; -1 before the first. */
  #before(place: number): number {
    const isPair = place > 1 && (this.text.codePointAt(place - 2) ?? 0) > 0xffff;
    return place - (isPair ? 2 : 1);
  }

  #holds(source: string, place: number): boolean {
    if (source === '^') return place === 0;
    if (source === '$') return place === this.text.length;
    const isWord = (at: number) => /\w/.test(this.text[at] ?? '');
    return (isWord(place - 1) !== isWord(place)) === (source === '\\b');
  }
}
