import { at } from '@rag/data';
import type { Row } from './warm-up-rows.js';

/** Words by what they are about. */
const TOPICS = [
  'kettle oven spoon pan flour butter knife recipe stove plate salt cook',
  'sail anchor harbour wave tide captain deck rope reef gull storm mast',
  'seed soil rose hedge spade lawn bloom weed pot rake compost bee',
  'goal referee coach stadium league striker whistle penalty team kick match fan',
  'violin chorus drum melody tempo opera flute chord tune piano rhythm song',
  'orbit comet telescope planet moon galaxy rocket star crater eclipse probe sun',
  'fever nurse pill clinic surgeon pulse vaccine wound bandage cough dose ward',
  'judge verdict lawyer court jury witness trial statute appeal evidence oath plea',
].map((words) => words.split(' '));
const FILLERS = 'old small quiet near long first other late plain early'.split(' ');

type Random = ReturnType<typeof at>;

/** Every word that a row can hold. */
export const topicWords = [...TOPICS.flat(), ...FILLERS];

/**
 * Rows whose query is two words of a topic, whose positive is three other words of it among fillers, and whose negatives are such words of other
 * topics: a query shares no word with its passages, so what belongs together must be learned. Each row is a function of (seed, its number).
 * @param heldOut queries are of pairs of words that no other row asks for
 */
export function* topicRows(count: number, seed: number, heldOut: boolean): Generator<Row> {
  for (let i = 0; i < count; i++) {
    const random = at(seed, heldOut ? 'held-out-topics' : 'topics', i);
    const topic = i % TOPICS.length;
    const [a, b] = askedWords(random, TOPICS[topic]!.length, heldOut);
    const [first, second] = [TOPICS[topic]![a]!, TOPICS[topic]![b]!];
    const others = TOPICS.filter((_, other) => other !== topic);
    yield {
      query: `${first} ${second}`,
      pos: [
        passageOf(
          TOPICS[topic]!.filter((_, word) => word !== a && word !== b),
          random,
        ),
      ],
      neg: others.map((words) => passageOf(words, random)),
    };
  }
}

/** Two different words, by their numbers; every fourth sum of two is held out. */
function askedWords(random: Random, words: number, heldOut: boolean): readonly [number, number] {
  for (;;) {
    const [a, b] = [random.below(words), random.below(words)];
    if (a !== b && ((a + b) % 4 === 0) === heldOut) return [a, b];
  }
}

const passageOf = (words: readonly string[], random: Random): string =>
  [...drawn(words, 3, random), ...drawn(FILLERS, 2, random)].join(' ');

const drawn = (words: readonly string[], count: number, random: Random): string[] =>
  random.sample(words.length, count).map((i) => words[i]!);
