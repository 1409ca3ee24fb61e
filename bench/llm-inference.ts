/**
 * Memory and time of scoring with an `LLMDecoder` of a Qwen2.5's shape and random weights:
 *
 *     npx tsx --conditions=@rag/source llm-inference.ts write DIRECTORY [--shape 1.5b] [--dtype bfloat16]
 *     /usr/bin/time -v npx tsx --conditions=@rag/source llm-inference.ts export DIRECTORY [--to q4]
 *     /usr/bin/time -v npx tsx --conditions=@rag/source llm-inference.ts score DIRECTORY [--onnx q4] [--rows 8] [--tokens 512]
 *
 * `write` makes the checkpoint, `export` adds onnx/model_q4.onnx to it as `rag export` does, judged on a few pairs but never refused, and
 * `score` scores pairs of so many tokens with the file, or without `--onnx` with the weights in place. Prints one line of JSON.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { float32ToBfloat16, type NarrowDtype, parseEncoderConfig, writeSafetensors } from '@rag/models';
import { fileSink } from '@rag/models/node';
import { LLMDecoder, type Pair } from '@rag/reranker';
import { classifierParameters } from '@rag/reranker/training';
import { wordPieceTokenizerJson } from '@rag/text';
import { peakRssMb } from './measure.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    shape: { type: 'string', default: '1.5b' },
    layers: { type: 'string' },
    dtype: { type: 'string', default: 'bfloat16' },
    to: { type: 'string', default: 'q4' },
    onnx: { type: 'string' },
    rows: { type: 'string', default: '8' },
    tokens: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
  },
});
const [command, directory] = positionals;
if (directory === undefined) throw new RangeError('usage: llm-inference.ts write|export|score DIRECTORY');

/** Of Qwen2.5: https://huggingface.co/Qwen/Qwen2.5-1.5B/blob/main/config.json and its smaller one. */
const shapes = {
  '0.5b': {
    hidden_size: 896,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    intermediate_size: 4864,
  },
  '1.5b': {
    hidden_size: 1536,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    intermediate_size: 8960,
  },
} as const;
const VOCABULARY = 151_936;
/** Words that are a token each; the tokenizer's own five are beside them. */
const WORDS = VOCABULARY - 300;

async function write(to: string): Promise<void> {
  const shape = shapes[values.shape as keyof typeof shapes];
  const json = {
    model_type: 'qwen2',
    architectures: ['Qwen2ForSequenceClassification'],
    vocab_size: VOCABULARY,
    ...shape,
    ...(values.layers && { num_hidden_layers: Number(values.layers) }),
    hidden_act: 'silu',
    max_position_embeddings: 32_768,
    initializer_range: 0.02,
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
    tie_word_embeddings: true,
    use_sliding_window: false,
    pad_token_id: 0,
    num_labels: 1,
    id2label: { '0': 'LABEL_0' },
    label2id: { LABEL_0: 0 },
  };
  await mkdir(to, { recursive: true });
  const words = Array.from({ length: WORDS }, (_, i) => `w${i}`);
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];
  await writeFile(join(to, 'config.json'), JSON.stringify(json));
  await writeFile(
    join(to, 'tokenizer.json'),
    JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
  );
  const dtype = values.dtype === 'bfloat16' ? 'BF16' : 'F32';
  const pattern = normals(1_048_573);
  const tensors = classifierParameters(parseEncoderConfig(json)).map(({ name, shape }, i) => ({
    name,
    shape,
    dtype,
    data: () => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (name.endsWith('norm.weight')) data.fill(1);
      else
        for (let at = 0, from = (i * 7919) % pattern.length; at < data.length; from = 0) {
          const part = pattern.subarray(from, from + data.length - at);
          data.set(part, at);
          at += part.length;
        }
      if (dtype === 'F32') return data;
      const { buffer } = float32ToBfloat16(data);
      return new Uint8Array(buffer);
    },
  }));
  await writeSafetensors(await fileSink(join(to, 'model.safetensors')), tensors as never);
}

/** Seeded numbers of mean 0 and deviation 0.02, nearly normal. */
function normals(count: number): Float32Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    let sum = -3;
    for (let i = 0; i < 6; i++) sum += uniform();
    return sum * 0.02 * Math.SQRT2;
  });
}

/** Pairs whose sequences are of so many tokens, of words all over the vocabulary. */
function pairsOf(rows: number, tokens: number): Pair[] {
  const words = (count: number, seed: number) =>
    Array.from({ length: count }, (_, i) => `w${(seed * 7919 + i * 104_729) % WORDS}`).join(' ');
  return Array.from({ length: rows }, (_, row) => [words(12, row), words(tokens, row + 31)]);
}

const template = {};
const options = { threads: Number(values.threads), template };
const pairs = pairsOf(Number(values.rows), Number(values.tokens));
const report: Record<string, unknown> = {};
const started = performance.now();
if (command === 'write') await write(directory);
else if (command === 'export') {
  const model = await LLMDecoder.fromPretrained(directory, options);
  const dtype = values.to as NarrowDtype;
  const short = pairs.map(([query, passage]): Pair => [query, passage.slice(0, 200)]);
  const { bytes, loss } = await model.exportNarrow(directory, short, { dtype, leastSpearman: -1 });
  model.dispose();
  Object.assign(report, { dtype, megabytes: Math.round(bytes / 1e6), loss });
} else {
  const model = await LLMDecoder.fromPretrained(directory, {
    ...options,
    ...(values.onnx !== undefined && { onnx: values.onnx }),
  });
  Object.assign(report, { openMs: Math.round(performance.now() - started), peakMbOpen: peakRssMb() });
  const from = performance.now();
  const scores = await model.computeScore(pairs, { maxLength: Number(values.tokens) });
  const seconds = (performance.now() - from) / 1000;
  model.dispose();
  Object.assign(report, {
    rows: pairs.length,
    tokensPerSecond: Math.round((pairs.length * Number(values.tokens)) / seconds),
    scores: scores.map((score) => Number(score.toFixed(4))),
  });
}
Object.assign(report, { seconds: Math.round((performance.now() - started) / 1000), peakMb: peakRssMb() });
console.log(JSON.stringify({ command, ...report }));
