import { expect, test } from 'vitest';
import { Tensor } from '../../tensor.js';
import { tinyModel } from '../../testing/tiny-model.js';
import { liveHandles, openApi } from './api.js';
import { bindSession } from './binding.js';
import { openFfi } from './session.js';
import { hostValue } from './value.js';

// As for a device, over the host: there an input that was bound once would be read as it was then.
test('inputs that are copied where they are read are bound again by each run', async () => {
  const value = { dtype: 'float32', shape: [2] } as const;
  const negate = tinyModel(
    [{ name: 'a', ...value }],
    [{ name: 'b', ...value }],
    [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }],
  );
  const session = await openFfi(negate, { provider: 'cpu', config: {} });
  const api = openApi();
  const host = api.take('test', 'CreateCpuMemoryInfo', 0, 0);
  const names: string[] = [];
  const counting = {
    ...api,
    call: (...parameters: Parameters<typeof api.call>) => {
      if (parameters[1] === 'BindInput') names.push(String(parameters[3]));
      api.call(...parameters);
    },
  };
  const [a, b] = [Float32Array.of(1, 2), new Float32Array(2)];
  const bound = bindSession(
    counting,
    session.handle,
    (where, tensor) => hostValue(api, host, where, tensor),
    { a: new Tensor('float32', [2], a) },
    { b: new Tensor('float32', [2], b) },
    true,
  );
  await bound.run();
  expect([...b]).toEqual([-1, -2]);
  a.set([3, 4]);
  await bound.run();
  expect([...b]).toEqual([-3, -4]);
  expect(names).toEqual(['a', 'a', 'a']);
  bound.release();
  api.release('ReleaseMemoryInfo', host);
  session.release();
  expect(liveHandles()).toBe(0);
});
