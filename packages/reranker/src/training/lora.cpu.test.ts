import { binaryCrossEntropy } from '@rag/losses';
import {
  adapterFiles,
  adapterSource,
  checkTargets,
  type Dropout,
  describeTrainable,
  type EncoderInputs,
  frozenStorage,
  initializeLora,
  isLoraParameter,
  loraLayers,
  memorySource,
  openCheckpoint,
  type ParameterStorage,
  packParameter,
  parseAdapterConfig,
  type StoredTensor,
  safetensorsBytes,
  trainableParameters,
  unpackParameter,
} from '@rag/models';
import { compile, TrainingSession } from '@rag/runtime';
import { expect, test } from 'vitest';
import { CrossEncoder } from '../cross-encoder.js';
import { pairEncoder } from '../pair-encoder.js';
import { tinyConfig, tinyExamples, tinyTokenizer } from '../testing/tiny.js';
import { tinyCheckpoint, tinyParameters } from '../testing/tiny-checkpoint.js';
import { collatePointwise } from './collate.js';
import { rerankerObjective } from './objective.js';

test.each<ParameterStorage>(['float32', 'int4'])(
  'adapters learn beside frozen %s weights, and score the same once they are saved and opened',
  async (storage) => {
    const config = tinyConfig();
    const adapter = parseAdapterConfig({
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
      ...{
        r: 4,
        lora_alpha: 8,
        lora_dropout: 0.1,
        target_modules: 'all-linear',
        modules_to_save: ['classifier'],
      },
    });
    const plain = tinyParameters(config);
    const probe = loraLayers(adapter);
    const objectiveWith = (parameters: (dropout: Dropout, inputs: EncoderInputs) => object) =>
      rerankerObjective({ config, loss: { kind: 'pointwise', loss: binaryCrossEntropy }, parameters });
    objectiveWith(() => ({ lora: probe })).build('eval');
    checkTargets(
      adapter,
      probe.layers.map(({ name }) => name),
    );
    const specs = [
      ...plain,
      ...probe.layers.flatMap(({ name, in: width, out, rank }) =>
        rank === undefined
          ? []
          : [
              { name: `${name}.lora_A.weight`, shape: [rank, width] },
              { name: `${name}.lora_B.weight`, shape: [out, rank] },
            ],
      ),
    ];
    const { names, trained, total } = trainableParameters(specs, { lora: adapter });
    expect(describeTrainable({ trained, total })).toMatch(
      /^trained [\d,]+ of [\d,]+ parameters \(\d+\.\d\d %\)$/,
    );
    const stored = frozenStorage(storage, (name) => names.has(name));
    const packed = new Map<string, StoredTensor>();
    const base = plain.map(({ name, shape, data }) => {
      const kind = stored(name, shape);
      const parts = packParameter(name, shape, data, kind);
      if (kind !== 'float32') for (const part of parts) packed.set(part.name, part);
      return {
        name,
        shape,
        data: unpackParameter(
          shape,
          kind,
          parts.map((part) => part.data),
        ),
      };
    });
    const initial = new Map(base.map(({ name, data }) => [name, data]));
    const plan = compile(
      objectiveWith((dropout, { first_token }) => ({
        storage: stored,
        lora: loraLayers(adapter, { dropout, first_token }),
      })),
      {
        initial: (name, shape) =>
          isLoraParameter(name) ? initializeLora({ name, shape }, 7) : initial.get(name)!,
        resident: (name) => packed.get(name),
        trainable: (name) => names.has(name),
        optimizer: { maxGradNorm: 1 },
      },
    );
    const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    const encoder = pairEncoder(tinyTokenizer(), config, 32);
    const examples = tinyExamples(24);
    const batchOf = (
      indices: readonly number[],
      dropout?: Parameters<typeof collatePointwise>[1]['dropout'],
    ) =>
      collatePointwise(
        { examples: indices.map((i) => examples[i]!), indices },
        { encoder, ...(dropout && { dropout }) },
      ).batch;
    const inputs = await session.inputs();
    const all = examples.map((_, i) => i);
    const first = (await session.evaluate(batchOf(all))).sum;
    for (let update = 0; update < 40; update++)
      await session.trainStep(
        batchOf(all.slice((update * 8) % 24, ((update * 8) % 24) + 8), { seed: 1, update, inputs }),
        {
          learningRate: 1e-2,
        },
      );
    const last = await session.evaluate(batchOf(all));
    expect(last.sum).toBeLessThan(first * 0.8);
    await session.synchronize();
    const learned = session
      .weights()
      .filter(({ name }) => names.has(name))
      .map(({ name, shape, data }) => ({ name, shape, data: Float32Array.from(data as Float32Array) }));
    expect(learned.map(({ name }) => name).toSorted()).toEqual([...names].toSorted());
    session.dispose();
    const files = await tinyCheckpoint({ config });
    const source = adapterSource(
      memorySource(await adapterFiles(adapter, learned)),
      memorySource({ ...files, 'model.safetensors': await safetensorsBytes(base) }),
    );
    const model = await CrossEncoder.fromCheckpoint(await openCheckpoint(source), {
      provider: 'cpu',
      threads: 1,
    });
    const scores = await model.computeScore(examples.map(({ query, content }) => [query, content] as const));
    model.dispose();
    const logits = last.outputs.logits!.data as Float32Array;
    for (const [i, score] of scores.entries()) expect(Math.abs(score - logits[i]!)).toBeLessThan(1e-4);
  },
);
