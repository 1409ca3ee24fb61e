/**
 * Memory of training a decoder of a Qwen2.5-0.5B's shape with random weights:
 *
 *     /usr/bin/time -v npx tsx --conditions=@rag/source llm-memory.ts lora|full [--layers 24] [--steps 3] [--storage float32]
 *
 * Prints the memory plan, then the peak resident size after each step.
 */
import { parseArgs } from 'node:util';
import { binaryCrossEntropy } from '@rag/losses';
import {
  architectures,
  encoderInputs,
  layerCuts,
  loraLayers,
  noDropout,
  type ParameterStorage,
  parameterRoot,
  parseEncoderConfig,
} from '@rag/models';
import { dtypes, input, reshape } from '@rag/onnx';
import { compile, memoryPlanText, type Objective, planMemory, Tensor, TrainingSession } from '@rag/runtime';
import { packSequences } from '@rag/text';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    layers: { type: 'string', default: '24' },
    steps: { type: 'string', default: '3' },
    rows: { type: 'string', default: '4' },
    tokens: { type: 'string', default: '512' },
    storage: { type: 'string', default: 'float32' },
    vocabulary: { type: 'string', default: '151936' },
    threads: { type: 'string', default: '2' },
    whole: { type: 'boolean', default: false },
    accumulate: { type: 'string', default: '1' },
  },
});
const mode = positionals[0];
if (mode !== 'lora' && mode !== 'full') throw new RangeError(`expected lora or full, got ${mode}`);
const isLora = mode === 'lora';

const config = parseEncoderConfig({
  model_type: 'qwen2',
  vocab_size: Number(values.vocabulary),
  hidden_size: 896,
  num_hidden_layers: Number(values.layers),
  num_attention_heads: 14,
  num_key_value_heads: 2,
  intermediate_size: 4864,
  hidden_act: 'silu',
  max_position_embeddings: 32768,
  initializer_range: 0.02,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  tie_word_embeddings: true,
  use_sliding_window: false,
  pad_token_id: 0,
});

const isAdapter = (name: string) => /\.lora_[AB]\.weight$/.test(name) || name.startsWith('score.');
const storage = values.storage as ParameterStorage;
const objective: Objective = {
  build() {
    const inputs = encoderInputs();
    const lora = loraLayers({
      r: 16,
      lora_alpha: 32,
      target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj'],
    });
    const root = parameterRoot(
      isLora
        ? { lora, storage: (name, shape) => (shape.length === 2 && !isAdapter(name) ? storage : 'float32') }
        : {},
    );
    const logits = reshape(
      architectures[config.model_type].sequenceClassification(root, config, inputs, 1, noDropout),
      [-1],
    );
    const labels = input('labels', 'float32', ['batch']);
    const row_weight = input('row_weight', 'float32', ['batch']);
    return {
      inputs: [...Object.values(inputs), labels, row_weight],
      ...binaryCrossEntropy({ logits, labels, row_weight }),
      outputs: { logits },
      ...(!values.whole && { cuts: layerCuts([logits], config.num_hidden_layers) }),
    };
  },
};

const pattern = Float32Array.from({ length: 999_983 }, (_, i) => Math.sin(i * 12.9898) * 0.02);
function random(shape: readonly number[], scale = 1): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = new Float32Array(count);
  for (let at = 0; at < count; at += pattern.length)
    data.set(pattern.subarray(0, Math.min(pattern.length, count - at)), at);
  return scale === 1 ? data : data.map((x) => x * scale);
}
const initial = (name: string, shape: readonly number[]) =>
  name.endsWith('norm.weight') ? new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1) : random(shape);
function resident(name: string, shape: readonly number[], dtype: Tensor['dtype']) {
  if (dtype === 'float32') return { dtype, shape, data: initial(name, shape) };
  const data = new dtypes[dtype].array(
    new ArrayBuffer(shape.reduce((a, b) => a * b, 1) * dtypes[dtype].bytes),
  );
  for (let i = 0; i < data.length; i += 1)
    (data as Uint16Array)[i] =
      dtype === 'float16' ? 0x2000 + (i % 977) : dtype === 'bfloat16' ? 0x3c00 + (i % 97) : (i * 37) % 251;
  return { dtype, shape, data };
}

const MiB = 2 ** 20;
const peak = () => Math.round(process.resourceUsage().maxRSS / 1024);
const say = (what: string) =>
  console.log(`${what}: peak ${peak()} MiB, now ${Math.round(process.memoryUsage.rss() / MiB)} MiB`);

say('started');
let at = performance.now();
const plan = compile(objective, {
  initial,
  trainable: isLora ? isAdapter : () => true,
  ...(isLora && {
    resident: (name, { dtype, shape }) => (isAdapter(name) ? undefined : resident(name, shape, dtype)),
  }),
  optimizer: {},
});
say(`compiled in ${Math.round(performance.now() - at)} ms, ${plan.segments.length} segments`);
const [rows, tokens] = [Number(values.rows), Number(values.tokens)];
const sequences = Array.from({ length: rows }, (_, row) => ({
  input_ids: Array.from({ length: tokens }, (_, i) => (row * 7919 + i * 104_729) % config.vocab_size),
  token_type_ids: new Array<number>(tokens).fill(0),
}));
const packed = packSequences(sequences, { padId: 0, mode: 'packed' });
const block = [packed.batch, packed.seq];
const batch = {
  input_ids: new Tensor('int64', [packed.tokens], packed.input_ids),
  token_type_ids: new Tensor('int64', [packed.tokens], packed.token_type_ids),
  position_ids: new Tensor('int64', [packed.tokens], packed.position_ids),
  block_index: new Tensor('int64', block, packed.block_index),
  token_index: new Tensor('int64', [packed.tokens], packed.token_index),
  attention_mask: new Tensor('float32', block, packed.attention_mask),
  first_token: new Tensor('int64', [packed.batch], packed.first_token),
  labels: new Tensor(
    'float32',
    [rows],
    Float32Array.from({ length: rows }, (_, i) => i % 2),
  ),
  row_weight: new Tensor('float32', [rows], new Float32Array(rows).fill(1)),
};
const compute = { provider: 'cpu', threads: Number(values.threads) } as const;
at = performance.now();
const accumulates = Number(values.accumulate) > 1;
const memory = planMemory(plan, batch, compute, { accumulates });
const before = process.memoryUsage.rss() - (isLora ? memory.resident : 0);
console.log(`${memoryPlanText(memory)}\nprocess      ${(before / MiB).toFixed(0).padStart(8)} MiB`);
const planned = (memory.total + before) / MiB;
say(`planned ${Math.round(planned)} MiB in ${Math.round(performance.now() - at)} ms`);
at = performance.now();
const session = await TrainingSession.create(plan, compute);
say(`created in ${Math.round(performance.now() - at)} ms`);

for (let step = 0; step < Number(values.steps); step++) {
  at = performance.now();
  for (let i = 0; i < Number(values.accumulate); i++) await session.accumulate(batch);
  const middle = performance.now();
  const { loss } = await session.update({ learningRate: 1e-4 });
  say(
    `step ${step}: loss ${loss.toFixed(4)}, ${Math.round(middle - at)} + ${Math.round(performance.now() - middle)} ms`,
  );
}
console.log(`peak is ${((100 * peak()) / planned).toFixed(1)} % of the plan`);
session.dispose();
