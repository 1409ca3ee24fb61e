import type { Graph } from '../ir/trace.js';
import { foldConstants } from './fold.js';
import { fuseMatmul } from './fuse-matmul.js';
import type { Pass } from './pass.js';
import { shapesFromInputs } from './shapes-from-inputs.js';
import { shareIntegers } from './share.js';
import { simplify } from './simplify.js';
import { webgpuOps } from './webgpu-ops.js';

/** Where a graph is going to run. */
export type Provider = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/**
 * The passes for a provider, in order. Fusions come before transposes are merged, which would hide them; only cpu and
 * cuda keep FusedMatMul on the device (webgpu would run it on the host).
 */
export function passesFor(provider: Provider): readonly Pass[] {
  const fusions: Readonly<Record<Provider, readonly Pass[]>> = {
    cpu: [fuseMatmul],
    cuda: [fuseMatmul],
    webgpu: [webgpuOps],
    wasm: [],
  };
  return [foldConstants, ...fusions[provider], simplify, shapesFromInputs, foldConstants, shareIntegers];
}

/** The graph with all of its provider's passes applied: the same inputs, outputs and types, and the same numbers to rounding. */
export const optimize = (graph: Graph, provider: Provider): Graph =>
  passesFor(provider).reduce((result, pass) => pass(result), graph);
