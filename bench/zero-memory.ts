/**
 * Memory per rank by ZeRO stage, planned and measured, of training an encoder on processes that mpirun starts:
 *
 *     npx tsx --conditions=@rag/source zero-memory.ts [--ranks 2] [--shape B,L,H,A,F,LAYERS] [--vocabulary 21128] [--steps 3]
 *
 * Every rank has the same rows, so that the last loss is that of one process. Measured is what resident memory grew by from before the
 * session to after the last step, garbage collected, on the rank that took most: what Node and MPI take besides is in it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  architectures,
  encoderInputs,
  initializeParameter,
  layerCuts,
  noDropout,
  parameterRoot,
} from '@rag/models';
import { constant, input, mul, reduceSum } from '@rag/onnx';
import { compile, planMemory, shardingOfStage, TrainingSession } from '@rag/runtime';
import { joinMpi } from '@rag/runtime/mpi';
import { encoderBatches, encoderConfig, parseStepShape } from './encoder-plan.js';

const { values } = parseArgs({
  options: {
    ranks: { type: 'string', default: '2' },
    shape: { type: 'string', default: '2,32,768,12,3072,6' },
    vocabulary: { type: 'string', default: '21128' },
    steps: { type: 'string', default: '3' },
    /** Given to the processes of the job. */
    stage: { type: 'string' },
  },
});
const MiB = 2 ** 20;

async function measure(stage: number): Promise<void> {
  const collective = await joinMpi();
  const shape = parseStepShape(values.shape);
  const config = encoderConfig(shape, 0, Number(values.vocabulary));
  const plan = compile(
    {
      build() {
        const inputs = encoderInputs();
        const arriving = input('arriving', 'float32', ['tokens', config.hidden_size]);
        const { hidden } = architectures.bert.encode(parameterRoot(), config, inputs, noDropout);
        const { first_token: _, ...used } = inputs;
        return {
          inputs: [...Object.values(used), arriving],
          sum: reduceSum(mul(hidden, arriving)),
          weight: constant(1),
          cuts: layerCuts([hidden], config.num_hidden_layers),
        };
      },
    },
    { initial: (name, dims) => initializeParameter({ name, shape: dims }, config, 1), optimizer: {} },
  );
  const compute = { provider: 'cpu', threads: 1, collective, sharding: shardingOfStage(stage) } as const;
  const batchOf = encoderBatches(shape, []);
  const planned = planMemory(plan, batchOf(0), compute);
  const resident = () => {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage.rss();
  };
  const before = resident();
  const session = await TrainingSession.create(plan, compute);
  const opened = resident() - before;
  let [seconds, loss] = [0, Number.NaN];
  for (let update = 0; update < Number(values.steps); update++) {
    const started = performance.now();
    ({ loss } = await session.trainStep(batchOf(update), { learningRate: 1e-4 }));
    seconds = (performance.now() - started) / 1000;
  }
  const measured = Float64Array.of(opened, resident() - before, seconds);
  await collective.allReduce(measured, 'max');
  if (collective.rank === 0) console.log(JSON.stringify({ planned, measured: [...measured], loss }));
  session.dispose();
  await collective.close();
}

async function compare(): Promise<void> {
  console.log(`${values.ranks} ranks, shape ${values.shape}, ${values.vocabulary} words; MiB per rank`);
  console.log(
    '| stage | parameters | gradients | moments | lent | activations | planned | opened | measured | s/step | last loss |',
  );
  console.log(
    '| ----- | ---------- | --------- | ------- | ---- | ----------- | ------- | ------ | -------- | ------ | --------- |',
  );
  for (const stage of [0, 1, 2, 3]) {
    const own = process.argv.slice(2);
    const node = [process.execPath, '--expose-gc', '--conditions=@rag/source', '--import', 'tsx'];
    const child = spawn(
      'mpirun',
      [
        '--oversubscribe',
        '-np',
        values.ranks,
        ...node,
        fileURLToPath(import.meta.url),
        ...own,
        '--stage',
        String(stage),
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
      },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new Error(`zero-memory: expected the job of stage ${stage} to end well, got ${code}`);
    const { planned, measured, loss } = JSON.parse(text.trim().split('\n').at(-1)!) as {
      planned: ReturnType<typeof planMemory>;
      measured: [opened: number, all: number, seconds: number];
      loss: number;
    };
    const { parameters, gradients, moments, lent = 0, boundaries, activations, arenas, total } = planned;
    const cells = [parameters, gradients, moments, lent, boundaries + activations + arenas, total];
    const mib = [...cells, measured[0], measured[1]].map((bytes) => (bytes / MiB).toFixed(0));
    console.log(`| ${[stage, ...mib, measured[2].toFixed(2), loss.toPrecision(7)].join(' | ')} |`);
  }
}

await (values.stage === undefined ? compare() : measure(Number(values.stage)));
