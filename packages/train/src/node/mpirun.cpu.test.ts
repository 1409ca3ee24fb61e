import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mpiLaunchers, runMpiJob } from '@rag/runtime/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';
import { type TinyRun, writeTinyRun } from '../testing/tiny-run.js';

const { here, missing } = mpiLaunchers();
if (missing !== '') test.skip(`rag train under every MPI (${missing})`);

let folder: string;
let tiny: TinyRun;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-mpirun-'));
  tiny = await writeTinyRun(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = (output: string, batchSize: number, ...more: string[]) => [
  ...['train', 'reranker', '--model_name_or_path', tiny.model, '--init_from_config', '--force'],
  ...['--train_dataset', tiny.train, '--loss_type', 'group_softmax', '--train_group_size', '3'],
  // Steps as SGD takes them: AdamW's are of the size of the rate where a gradient is nothing but rounding.
  ...['--adam_epsilon', '1', '--lr', '0.1', '--epochs', '1', '--threads', '1', '--log_interval', '1'],
  ...['--batch_size', String(batchSize), '--output_dir', at(output), ...more],
];
const script = (path: string, parameters: readonly string[]) => [
  ...['--conditions=@rag/source', '--import', 'tsx'],
  ...[fileURLToPath(new URL(path, import.meta.url)), ...parameters],
];
const cwd = fileURLToPath(new URL('../..', import.meta.url));

/** The file's float32. */
async function weightsOf(output: string): Promise<Float32Array> {
  const bytes = await readFile(join(at(output), 'model', 'model.safetensors'));
  const header = 8 + Number(bytes.readBigUInt64LE(0));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + header, bytes.byteOffset + bytes.length));
}

/** The losses that a run printed. */
const losses = (stdout: string) => [...stdout.matchAll(/ · loss (\S+) /g)].map(([, loss]) => Number(loss));

/** The launchers themselves are tried with killed ranks by @rag/runtime; a whole run takes a while. */
const inAll = (implementation: string) =>
  process.env.RAG_LONG !== undefined || implementation === here.at(-1);

describe.each(here)('%s', (implementation) => {
  test('two processes end where one ends that has twice the batch size', async () => {
    const output = `two-${implementation}`;
    const job = await runMpiJob(
      implementation,
      2,
      script('../cli.ts', settings(output, 4, '--num_processes', '2')),
      { cwd },
    );
    expect(job.code, job.stderr).toBe(0);
    expect(job.stdout).toMatch(
      new RegExp(`^2 processes by mpi \\(${implementation} \\S+\\), 2 on this host, 1 thread`, 'm'),
    );
    expect(job.stdout.match(/final model: /g)).toHaveLength(1);
    const alone = await runRag(...settings('one', 8, '--overwrite_output_dir'));
    expect(alone.code, alone.stderr).toBe(0);
    expect(losses(job.stdout).length).toBeGreaterThan(1);
    expect(losses(job.stdout)).toEqual(losses(alone.stdout));
    const [two, one] = [await weightsOf(output), await weightsOf('one')];
    expect(Math.max(...two.map((value, i) => Math.abs(value - one[i]!)))).toBeLessThan(1e-5);
  });

  test.runIf(inAll(implementation))(
    'a killed process ends the job with a message, and what it saved is gone on with',
    async () => {
      const output = `killed-${implementation}`;
      const flags = settings(output, 1, '--save_steps', '1');
      const first = join(at(output), 'runs/checkpoints/step_1/trainer_state.json');
      const job = await runMpiJob(implementation, 2, script('../testing/dying-rank.ts', [first, ...flags]), {
        cwd,
      });
      expect(job.code).not.toBe(0);
      expect(job.stdout + job.stderr).toMatch(/signal 9|SIGNAL 9|Killed/);
      expect(existsSync(join(at(output), 'run.json'))).toBe(false);
      const resumed = await runMpiJob(implementation, 2, script('../cli.ts', [...flags, '--resume']), {
        cwd,
      });
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(resumed.stdout).toMatch(/^resumed from .*step_\d/m);
      expect(existsSync(join(at(output), 'run.json'))).toBe(true);
    },
  );

  test.runIf(process.env.RAG_LONG)('a setting that is none ends the job once, with its message', async () => {
    const job = await runMpiJob(
      implementation,
      2,
      script('../cli.ts', settings('none', 1, '--num_processes', '3')),
      { cwd },
    );
    expect(job.code).not.toBe(0);
    expect(job.stderr).toMatch(
      /rag: process \d of 2: .*num_processes: expected 2 processes, as launched, got 3/,
    );
  });
});
