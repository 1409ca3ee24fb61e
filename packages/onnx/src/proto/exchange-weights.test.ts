import { expect, test } from 'vitest';
import { foreignModel } from '../testing/foreign-model.js';
import { floats, inPrecision, tensor } from '../testing/index.js';
import { readModelProto } from './decode.js';
import { decodeTrainable } from './decode-trainable.js';
import { exchangeWeights } from './exchange-weights.js';
import { constantInitializers, initializerElements, inlineInitializers } from './initializers.js';

const float = (...shape: number[]) => inPrecision(floats(shape, 1), 'float32');
const read = () =>
  readModelProto(
    foreignModel({
      nodes: [
        { opType: 'Identity', name: 'copy', input: ['norm'], output: ['again'] },
        { opType: 'Mul', name: 'first', input: ['x', 'norm'], output: ['h'] },
        { opType: 'Gather', name: 'pick', input: ['h', 'places'], output: ['g'] },
        { opType: 'Sum', name: 'last', input: ['g', 'again'], output: ['y'] },
      ],
      inputs: { x: float(4, 4) },
      initializers: { norm: float(4), places: tensor([1, 2, 0, 3]) },
      outputs: ['y'],
    }),
  );
const { parameters } = decodeTrainable(read());
const twos = new Uint8Array(Float32Array.of(2, 2, 2, 2).buffer);

test('weights are exchanged by name, a second name gets an initializer of its own, nothing else changes', () => {
  const model = readModelProto(exchangeWeights(read(), parameters, () => twos));
  expect(model.graph!.node.map(({ name }) => name)).toEqual(['first', 'pick', 'last']);
  const elements = initializerElements(model);
  expect([...elements.keys()]).toEqual(['norm', 'places', 'again']);
  expect([elements.get('norm'), elements.get('again')]).toEqual([twos, twos]);
  expect(elements.get('places')).toEqual(initializerElements(read()).get('places'));
  expect(() => exchangeWeights(read(), parameters, () => twos.subarray(4))).toThrow(
    'parameter "norm": expected 16 bytes, got 12',
  );
});

test('weights in another file are places; what is no weight is put into the message', () => {
  const place = { location: 'data', offset: 64, length: 16 };
  const model = readModelProto(exchangeWeights(read(), parameters, () => place));
  expect(initializerElements(model).get('norm')).toEqual(place);
  expect(constantInitializers(model)).toEqual(['places']);
  inlineInitializers(model, new Map([['norm', twos]]));
  expect(initializerElements(model).get('norm')).toEqual(twos);
  const again = model.graph!.initializer.find(({ name }) => name === 'again')!;
  again.externalData.find(({ key }) => key === 'offset')!.value = '-8';
  expect(() => initializerElements(model)).toThrow(
    'tensor "again": expected external data of 16 bytes in a file, got offset -8 and length 16 in "data"',
  );
});
