import type { Provider } from './session.js';

/**
 * Most cells (sequences × longest) that a provider is given at once unless the caller says otherwise. On a CPU the activations of about a
 * thousand tokens stay in its caches while weights are read once per run: larger batches are slower there and take memory in proportion
 * (bench/README.md). A GPU wants large ones.
 */
export const cellsPerRun = (provider: Provider): number =>
  provider === 'cpu' || provider === 'wasm' ? 1024 : 16_384;
