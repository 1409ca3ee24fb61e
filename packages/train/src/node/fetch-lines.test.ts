import { expect, test } from 'vitest';
import { fetchLines } from './fetch-lines.js';

test('a line as it begins and one per tenth, for each download anew', () => {
  const lines: string[] = [];
  const report = fetchLines((text) => lines.push(text));
  const at = (allLoaded: number, allSize = 2_200_000_000) =>
    report({ path: 'model.safetensors', loaded: allLoaded, size: allSize, allLoaded, allSize });
  for (const loaded of [0, 1000, 219_000_000, 220_000_000, 230_000_000, 2_200_000_000]) at(loaded);
  for (const loaded of [0, 999]) at(loaded, 999);
  expect(lines).toEqual([
    'fetching 2.2 GB from the hub, model.safetensors first',
    'fetched 220.0 MB of 2.2 GB',
    'fetched 2.2 GB of 2.2 GB',
    'fetching 999 bytes from the hub, model.safetensors first',
    'fetched 999 bytes of 999 bytes',
  ]);
});
