import { expect, test } from 'vitest';
import { readAccelerate } from './accelerate-file.js';

const given = (yaml: string) =>
  Object.fromEntries(readAccelerate(yaml, 'a.yaml').settings.map(({ key, value }) => [key, value]));

/** RAG-Retrieval 950da57, config/default_fsdp.yaml. */
const fsdp = `compute_environment: LOCAL_MACHINE
distributed_type: FSDP
downcast_bf16: 'no'
fsdp_config:
  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP
  fsdp_backward_prefetch_policy: NO_PREFETCH
  fsdp_offload_params: false
  fsdp_sharding_strategy: 3
  fsdp_state_dict_type: FULL_STATE_DICT
  fsdp_transformer_layer_cls_to_wrap: BertLayer
machine_rank: 0
main_training_function: main
mixed_precision: 'no'
num_machines: 1
num_processes: 2
rdzv_backend: static
same_network: true
tpu_env: []
tpu_use_cluster: false
tpu_use_sudo: false
use_cpu: false
`;

/** The same, config/deepspeed/deepspeed_zero3.yaml. */
const zero3 = `compute_environment: LOCAL_MACHINE
deepspeed_config:
 gradient_clipping: "auto"
 offload_optimizer_device: none
 offload_param_device: none
 zero3_init_flag: true
 zero_stage: 3
 train_micro_batch_size_per_gpu: "auto"
 zero3_save_16bit_model: true
distributed_type: DEEPSPEED
fsdp_config: {}
machine_rank: 0
main_process_ip: null
mixed_precision: fp16
num_machines: 1
num_processes: 4
use_cpu: false`;

test('the originals’ FSDP file: processes, precision, and a strategy that shares nothing out', () => {
  expect(given(fsdp)).toEqual({ zero_stage: 0, mixed_precision: 'no', num_processes: 2 });
  const { settings, notes } = readAccelerate(fsdp, 'a.yaml');
  expect(settings.find(({ key }) => key === 'num_processes')!.where).toBe('a.yaml:15');
  expect(notes).toEqual([
    {
      reason: 'fsdp_backward_prefetch_policy, fsdp_state_dict_type: PyTorch’s own',
      running: 'without',
    },
  ]);
});

test('the originals’ DeepSpeed file: what is "auto" is left to file and flags', () => {
  expect(given(zero3)).toEqual({ zero_stage: 3, mixed_precision: 'fp16', num_processes: 4 });
  expect(readAccelerate(zero3, 'a.yaml').notes).toEqual([]);
});

test.each([
  ['1', 3],
  ['FULL_SHARD', 3],
  ['SHARD_GRAD_OP', 2],
  ['NO_SHARD', 0],
])('the strategy %s is ZeRO stage %d', (strategy, stage) => {
  expect(given(`fsdp_config: {fsdp_sharding_strategy: ${strategy}}`)).toEqual({ zero_stage: stage });
});

test('a hybrid strategy is said to be a whole one, and FSDP 2 says it in other words', () => {
  const hybrid = readAccelerate('fsdp_config: {fsdp_sharding_strategy: HYBRID_SHARD}', 'a.yaml');
  expect(hybrid.settings[0]).toMatchObject({ key: 'zero_stage', value: 3 });
  expect(hybrid.notes).toEqual([
    { reason: 'fsdp_sharding_strategy HYBRID_SHARD: shards lie over all processes', running: 'ZeRO stage 3' },
  ]);
  expect(given('fsdp_config: {fsdp_version: 2, fsdp_reshard_after_forward: true}')).toEqual({
    zero_stage: 3,
  });
  expect(given('fsdp_config: {fsdp_activation_checkpointing: true}')).toEqual({
    gradient_checkpointing: true,
  });
});

test('numbers of DeepSpeed’s part, the CPU, and another file that it names', () => {
  const yaml =
    'use_cpu: true\nnum_cpu_threads_per_process: 4\ndeepspeed_config: {gradient_clipping: 0.5, gradient_accumulation_steps: 3, offload_optimizer_device: cpu, deepspeed_config_file: ds.json}';
  expect(given(yaml)).toEqual({
    provider: 'cpu',
    threads: 4,
    max_grad_norm: 0.5,
    gradient_accumulation_steps: 3,
  });
  const { deepspeed, notes } = readAccelerate(yaml, 'a.yaml');
  expect(deepspeed).toBe('ds.json');
  expect(notes[0]!.reason).toBe('offload_optimizer_device: PyTorch’s own');
});

test('what there is none of here is refused with its line', () => {
  const read = (yaml: string) => () => readAccelerate(yaml, 'a.yaml');
  expect(read('debug: false\nmixed_precision: fp8')).toThrow(
    'a.yaml:2: "mixed_precision" expected no, fp16 or bf16, got "fp8"',
  );
  expect(read('fsdp_config: {fsdp_sharding_strategy: ALL}')).toThrow(
    'a.yaml:1: "fsdp_sharding_strategy" expected one of 1, 2, 3, 4, 5, FULL_SHARD',
  );
  expect(read('deepspeed_config: 3')).toThrow('a.yaml:1: "deepspeed_config" expected a map of keys, got 3');
});
