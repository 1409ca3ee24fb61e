import { expect, it } from 'vitest';

it('does nothing outside a worker', async () => {
  await expect(import('./tokenizer-worker.js')).resolves.toBeDefined();
});
