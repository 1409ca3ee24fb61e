import { expect, test } from 'vitest';
import { nodePlacements } from './node-placements.js';

const line = (text: string) =>
  `\u001b[0;37m2026-11-21 17:21:04.0 [V:onnxruntime:, session_state.cc:1380 VerifyEachNodeIsAssignedToAnEp] ${text}\u001b[m`;

test('reads the placements of several sessions', () => {
  const log = [
    'model a',
    line('Node placements'),
    line(' All nodes placed on [WebGpuExecutionProvider]. Number of nodes: 2'),
    line('Node placements'),
    line(' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2'),
    line('  Shape (layer.0/Shape_1)'),
    line('  LogSoftmax (loss/LogSoftmax_0)'),
    line(' Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 1'),
    line('  MatMul (layer.0/MatMul_2)'),
    'something else',
  ].join('\n');
  const unnamed = { opType: '', name: '' };
  expect(nodePlacements(log).map((each) => Object.fromEntries(each))).toEqual([
    { WebGpuExecutionProvider: [unnamed, unnamed] },
    {
      CPUExecutionProvider: [
        { opType: 'Shape', name: 'layer.0/Shape_1' },
        { opType: 'LogSoftmax', name: 'loss/LogSoftmax_0' },
      ],
      WebGpuExecutionProvider: [{ opType: 'MatMul', name: 'layer.0/MatMul_2' }],
    },
  ]);
});
