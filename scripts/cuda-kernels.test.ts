import { expect, test } from 'vitest';
import { readKernels } from './cuda-kernels.js';

const page = `## Operators implemented by CPUExecutionProvider
|Add|*in* A:**T**<br> *out* C:**T**|1+|**T** = tensor(float)|

## Operators implemented by CUDAExecutionProvider

| Op Name | Parameters | OpSet Version | Types Supported |
|---------|------------|---------------|-----------------|
|**Operator Domain:** *ai.onnx*||||
|Add|*in* A:**T**<br> *in* B:**T**<br> *out* C:**T**|14+|**T** = tensor(double), tensor(float), tensor(float8e5m2)|
|||13|**T** = tensor(double)|
|||[7, 12]|**T** = tensor(double)|
|Reshape|*in* data:**T**<br> *in* shape:**tensor(int64)**<br> *out* reshaped:**T**<br><br>or<br><br>*in* data:**T**<br> *out* reshaped:**T**|[14, 18]|**T** = tensor(bool), seq(tensor(int8))<br/> **shape** = tensor(int64)|
|Loop|*in* M:**I**|19+|**I** = tensor(int64)|
| |
| |
|**Operator Domain:** *com.microsoft*||||
|Gelu|*in* X:**T**<br> *out* Y:**T**|1+|**T** = tensor(float16)|

## Operators implemented by DmlExecutionProvider
|Add|*in* A:**T**<br> *out* C:**T**|7+|**T** = tensor(int8)|
`;

const read = (ops: readonly string[], provider = 'CUDAExecutionProvider') =>
  readKernels(page, provider, new Set(ops), 17);

test('kernels of one provider, of the opset and later', () => {
  expect(read([':Add', ':Reshape', 'com.microsoft:Gelu', ':Gelu'])).toEqual({
    ':Add': [
      {
        opset: [14, null],
        forms: [{ in: ['T', 'T'], out: ['T'] }],
        types: { T: ['float64', 'float32'] },
      },
    ],
    ':Reshape': [
      {
        opset: [14, 18],
        forms: [
          { in: ['T', 'int64'], out: ['T'] },
          { in: ['T'], out: ['T'] },
        ],
        types: { T: ['bool'], shape: ['int64'] },
      },
    ],
    'com.microsoft:Gelu': [
      { opset: [1, null], forms: [{ in: ['T'], out: ['T'] }], types: { T: ['float16'] } },
    ],
  });
});

test('what it cannot read is an error', () => {
  expect(() => read([], 'RocmExecutionProvider')).toThrow('expected a section of RocmExecutionProvider');
  const broken = page.replace('|14+|', '|latest|');
  expect(() => readKernels(broken, 'CUDAExecutionProvider', new Set([':Add']), 17)).toThrow(
    'expected opsets',
  );
});
