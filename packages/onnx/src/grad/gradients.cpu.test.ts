import { expect, test } from 'vitest';
import { optimize, type Provider } from '../pass/optimize.js';
import { composedFeeds, composedFixture, composedNetwork } from '../testing/composed-network.js';
import { numbersOf, runGraph } from '../testing/index.js';

const fixture = composedFixture();
const graph = composedNetwork(fixture);
const largest = Math.max(
  ...Object.values(fixture.parameters).flatMap(({ gradient }) => gradient.map(Math.abs)),
);

test.each([undefined, 'cpu', 'cuda', 'webgpu', 'wasm'] as const)(
  "a composed network has torch's loss and gradients to 1e-5 of the largest (passes: %s)",
  async (provider: Provider | undefined) => {
    const outputs = await runGraph(provider ? optimize(graph, provider) : graph, composedFeeds(fixture), {
      threads: 2,
    });
    expect(Math.abs(numbersOf(outputs.loss!)[0]! - fixture.loss)).toBeLessThan(1e-6);
    for (const [name, { shape, gradient }] of Object.entries(fixture.parameters)) {
      const got = outputs[`d_${name}`]!;
      expect(got.shape).toEqual(shape);
      const worst = Math.max(...numbersOf(got).map((g, i) => Math.abs(g - gradient[i]!)));
      expect(worst, name).toBeLessThanOrEqual(1e-5 * largest);
    }
  },
);

test('the fixture can tell: its gradients are not all small', () => {
  expect(largest).toBeGreaterThan(0.05);
  // A key's bias moves every score of a row alike, which softmax does not see.
  for (const [name, { gradient }] of Object.entries(fixture.parameters))
    if (name !== 'key.bias')
      expect(Math.max(...gradient.map(Math.abs)), name).toBeGreaterThan(1e-4 * largest);
});
