import { at } from './random.js';
import { textHash } from './text-hash.js';

/** An answer that may be another question's negative. */
export interface PooledAnswer {
  readonly text: string;
  readonly hash: bigint;
  /** Hashes of the questions that it answers. */
  readonly questions: Set<bigint>;
}

interface Category {
  /** Answers whose random number is below this are kept: all, until memory ran out. */
  threshold: number;
  bytes: number;
  readonly answers: Map<bigint, PooledAnswer>;
}

export interface AnswerPoolOptions {
  readonly seed: number;
  /** Most memory to hold, in bytes as estimated. */
  readonly limitBytes: number;
  /** Answers that each category which is thinned out must keep; Infinity when nothing may be left out. */
  readonly needed: number;
  readonly name: string;
}

const answerBytes = (text: string) => 160 + 2 * text.length;
const questionBytes = 64;

/**
 * Different answers by category, in bounded memory. Each answer has a random number of its own, from the seed and its
 * text; where memory runs out the largest category lowers its threshold and lets go of the answers above it. What stays
 * is a uniform sample of a category's different answers, whatever their order or how often each occurs.
 */
export function answerPool({ seed, limitBytes, needed, name }: AnswerPoolOptions) {
  const categories = new Map<string, Category>();
  let held = 0;

  const thin = () => {
    const [key, largest] = [...categories].reduce((a, b) => (b[1].bytes > a[1].bytes ? b : a));
    largest.threshold = Math.floor(largest.threshold * 0.75);
    for (const [hash, answer] of largest.answers) {
      if (priority(hash) < largest.threshold) continue;
      largest.answers.delete(hash);
      const freed = answerBytes(answer.text) + answer.questions.size * questionBytes;
      largest.bytes -= freed;
      held -= freed;
    }
    if (largest.answers.size > needed) return;
    const which = key === '' ? 'answers' : `answers of category ${JSON.stringify(key)}`;
    const wanted = needed === Number.POSITIVE_INFINITY ? 'all' : `more than ${needed}`;
    throw new RangeError(
      `${name}: expected poolBytes to hold ${wanted} ${which}, got ${limitBytes} bytes — raise poolBytes, or ask for fewer negatives`,
    );
  };
  const priority = (hash: bigint) =>
    at(seed, 'qa-pool', Number(hash >> 32n), Number(hash & 0xffffffffn)).uint32();

  return {
    /** Offers the answer of a question whose hash is given. */
    add(category: string, text: string, question: bigint): void {
      let entry = categories.get(category);
      if (entry === undefined) {
        entry = { threshold: 2 ** 32, bytes: 256 + 2 * category.length, answers: new Map() };
        categories.set(category, entry);
        held += entry.bytes;
      }
      const hash = textHash(text);
      if (entry.threshold < 2 ** 32 && priority(hash) >= entry.threshold) return;
      let answer = entry.answers.get(hash);
      let added = 0;
      if (answer === undefined) {
        answer = { text, hash, questions: new Set() };
        entry.answers.set(hash, answer);
        added += answerBytes(text);
      }
      if (!answer.questions.has(question)) {
        answer.questions.add(question);
        added += questionBytes;
      }
      entry.bytes += added;
      held += added;
      while (held > limitBytes) thin();
    },
    /** The answers held, by category, in the order of their first row. */
    finish(): ReadonlyMap<string, readonly PooledAnswer[]> {
      return new Map([...categories].map(([key, { answers }]) => [key, [...answers.values()]]));
    },
    /** Bytes held, as estimated. */
    get bytes() {
      return held;
    },
  };
}
