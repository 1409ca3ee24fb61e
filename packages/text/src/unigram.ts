import { TokenizerError } from './errors.js';
import type { PieceModel } from './piece-model.js';
import { PieceTrie } from './piece-trie.js';
import {
  type JsonObject,
  readArray,
  readBoolean,
  readInteger,
  readNumber,
  readString,
} from './read-field.js';

/** What an unknown character costs below the rarest piece, google/sentencepiece `unigram_model.cc` kUnkPenalty. */
const UNKNOWN_PENALTY = 10;
const MAX_PIECES = 1 << 22;

/**
 * The Unigram model of a tokenizer.json (`{ type, vocab: [piece, score][], unk_id, byte_fallback }`): the best
 * path by the sum of scores, ties to the earlier start, a run of unknown characters one token (Kudo 2018,
 * arXiv:1804.10959). Linear in the length of a word, of any length. Throws TokenizerError on a malformed model.
 */
export function createUnigram(config: JsonObject, where = 'tokenizer.json model'): PieceModel {
  const vocab = readArray(config.vocab, `${where}.vocab`, MAX_PIECES);
  const scores = new Float64Array(vocab.length);
  const ids = new Map<string, number>();
  const trie = new PieceTrie();
  let lowest = Number.POSITIVE_INFINITY;
  vocab.forEach((entry, id) => {
    const [piece, score] = readPiece(entry, where, id);
    scores[id] = score;
    lowest = Math.min(lowest, scores[id]!);
    ids.set(piece, id);
    trie.add(piece, id);
  });
  if (vocab.length === 0) throw new TokenizerError(`${where}.vocab`, 'pieces', 'none', 'the file is damaged');
  const unkId =
    config.unk_id === null || config.unk_id === undefined
      ? undefined
      : readInteger(config.unk_id, `${where}.unk_id`, vocab.length - 1);
  const byteFallback = readBoolean(config.byte_fallback, `${where}.byte_fallback`, false);
  const unknownScore = lowest - UNKNOWN_PENALTY;

  const unknown = (text: string, out: number[]): void => {
    if (byteFallback) {
      const bytes = [...new TextEncoder().encode(text)].map((byte) =>
        ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
      );
      if (bytes.every((id) => id !== undefined)) {
        for (const id of bytes) out.push(id);
        return;
      }
    }
    out.push(unkId!);
  };

  let best = new Float64Array(0);
  let startOf = new Int32Array(0);
  let idOf = new Int32Array(0);

  const encodeWord = (word: string, out: number[]): void => {
    const size = word.length;
    if (best.length <= size) {
      best = new Float64Array(size + 1);
      startOf = new Int32Array(size + 1);
      idOf = new Int32Array(size + 1);
    }
    startOf.fill(-1, 0, size + 1);
    best[0] = 0;
    const offer = (start: number, end: number, score: number, id: number): void => {
      const total = score + best[start]!;
      if (startOf[end] !== -1 && total <= best[end]!) return;
      best[end] = total;
      startOf[end] = start;
      idOf[end] = id;
    };
    for (let start = 0; start < size; ) {
      const width = word.codePointAt(start)! > 0xffff ? 2 : 1;
      let single = false;
      let node = 0;
      for (let end = start; end < size; ) {
        node = trie.child(node, word.charCodeAt(end));
        if (node === -1) break;
        end += 1;
        const id = trie.id(node);
        if (id === -1) continue;
        offer(start, end, scores[id]!, id);
        if (end - start === width) single = true;
      }
      if (!single) {
        if (unkId === undefined)
          throw new TokenizerError(
            `${where}.unk_id`,
            'the id of the unknown piece, since the text has an unknown character',
            'none',
            'add it to the model',
          );
        offer(start, start + width, unknownScore, unkId);
      }
      start += width;
    }
    const path: [start: number, end: number, id: number][] = [];
    for (let end = size; end > 0; ) {
      const start = startOf[end]!;
      const id = idOf[end]!;
      const later = path.at(-1);
      if (id === unkId && later !== undefined && later[2] === unkId) later[0] = start;
      else path.push([start, end, id]);
      end = start;
    }
    for (let i = path.length - 1; i >= 0; i -= 1) {
      const [start, end, id] = path[i]!;
      if (id === unkId) {
        const exact = ids.get(word.slice(start, end));
        if (exact === undefined) unknown(word.slice(start, end), out);
        else out.push(exact);
      } else out.push(id);
    }
  };

  return {
    ids,
    unkId,
    encode(words, out) {
      for (const word of words) encodeWord(word, out);
    },
  };
}

function readPiece(entry: unknown, where: string, id: number): readonly [piece: string, score: number] {
  const [piece, score] = Array.isArray(entry) && entry.length === 2 ? entry : [];
  if (typeof piece === 'string' && piece.length <= 1024 && Number.isFinite(score)) return [piece, score];
  const at = `${where}.vocab[${id}]`;
  const pair = readArray(entry, at, 2);
  return [readString(pair[0], at), readNumber(pair[1], at)];
}
