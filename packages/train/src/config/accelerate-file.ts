import { ConfigError } from './config-error.js';
import { entriesOf, type Gathering, gathering, type LauncherFile } from './launcher-file.js';
import { readYaml } from './read-yaml.js';

/** What accelerate's file gives, and DeepSpeed's own file where it names one. */
export interface AccelerateFile extends LauncherFile {
  readonly deepspeed?: string;
}

/** Keys of the place that a process runs at, which whoever launches it decides. */
const OF_LAUNCH = new Set(
  `compute_environment debug enable_cpu_affinity gpu_ids machine_rank main_process_ip main_process_port
   main_training_function mpirun_config rdzv_backend same_network distributed_type num_machines`
    .trim()
    .split(/\s+/),
);

/**
 * The settings that a file of `accelerate config` means here: precision, number of processes, ZeRO stage (DeepSpeed's, or the one that an FSDP
 * strategy is), accumulation, clipping, threads. Its keys: accelerate/commands/config/config_args.py and utils/dataclasses.py.
 * @param file how errors call it
 * @throws ConfigError for a file that is no YAML, and for a precision or a strategy that there is none of here
 */
export function readAccelerate(yaml: string, file: string): AccelerateFile {
  const gathered = gathering();
  let deepspeed: string | undefined;
  for (const { key, value, where } of readYaml(yaml, file)) {
    const at = { where, shown: key };
    if (key === 'mixed_precision') gathered.set('mixed_precision', precision(value, where), at);
    else if (key === 'num_processes') gathered.set('num_processes', value, at);
    else if (key === 'num_cpu_threads_per_process') gathered.set('threads', value, at);
    else if (key === 'gradient_accumulation_steps') gathered.set(key, value, at);
    else if (key === 'use_cpu') gathered.set('provider', value === true ? 'cpu' : undefined, at);
    else if (key === 'fsdp_config') readFsdp(entriesOf(value, where, key), where, gathered);
    else if (key === 'deepspeed_config')
      deepspeed = readDeepspeedPart(entriesOf(value, where, key), where, gathered);
    else if (!OF_LAUNCH.has(key)) gathered.spare(key, value);
  }
  return { ...gathered.result('PyTorch’s'), ...(deepspeed !== undefined && { deepspeed }) };
}

function precision(value: unknown, where: string): unknown {
  if (value === 'fp8')
    throw new ConfigError(
      where,
      'mixed_precision',
      '"mixed_precision" expected no, fp16 or bf16, got "fp8", which no provider here trains in — choose one of these',
    );
  // YAML 1.1, which accelerate reads, has a plain no for false.
  return value === false ? 'no' : value;
}

/** The ZeRO stage that each FSDP strategy is, by its number and its name. */
const STRATEGIES: Readonly<Record<string, number>> = {
  1: 3,
  FULL_SHARD: 3,
  2: 2,
  SHARD_GRAD_OP: 2,
  3: 0,
  NO_SHARD: 0,
  4: 3,
  HYBRID_SHARD: 3,
  5: 2,
  HYBRID_SHARD_ZERO2: 2,
};

function readFsdp(entries: readonly [string, unknown][], where: string, gathered: Gathering): void {
  for (const [key, value] of entries) {
    const at = { where, shown: `fsdp_config.${key}` };
    if (key === 'fsdp_sharding_strategy') {
      const stage = STRATEGIES[String(value)];
      if (stage === undefined)
        throw new ConfigError(
          where,
          key,
          `"${key}" expected one of ${Object.keys(STRATEGIES).join(', ')}, got ${JSON.stringify(value)} — correct it`,
        );
      gathered.set('zero_stage', stage, at);
      if (['4', '5'].includes(String(value)) || String(value).startsWith('HYBRID'))
        gathered.note({
          reason: `${key} ${value}: shards lie over all processes`,
          running: `ZeRO stage ${stage}`,
        });
    } else if (key === 'fsdp_reshard_after_forward' && typeof value === 'boolean') {
      gathered.set('zero_stage', value ? 3 : 2, at);
    } else if (key === 'fsdp_activation_checkpointing') {
      gathered.set('gradient_checkpointing', value === true ? true : undefined, at);
    } else if (key === 'fsdp_transformer_layer_cls_to_wrap' || key === 'fsdp_auto_wrap_policy') {
      // The layers are known from the model.
    } else if (key !== 'fsdp_version') gathered.spare(key, value);
  }
}

/** DeepSpeed's part of accelerate's file; returns the path of DeepSpeed's own file. */
function readDeepspeedPart(
  entries: readonly [string, unknown][],
  where: string,
  gathered: Gathering,
): string | undefined {
  let path: string | undefined;
  for (const [key, value] of entries) {
    const at = { where, shown: `deepspeed_config.${key}` };
    if (key === 'zero_stage' || key === 'gradient_accumulation_steps') gathered.set(key, value, at);
    else if (key === 'gradient_clipping') gathered.set('max_grad_norm', value, at);
    else if (key === 'train_micro_batch_size_per_gpu') gathered.set('batch_size', value, at);
    else if (key === 'deepspeed_config_file' && typeof value === 'string') path = value;
    // How ZeRO-3's weights are made and saved: here they are made from the files, and saved whole.
    else if (!key.startsWith('zero3_')) gathered.spare(key, value);
  }
  return path;
}
