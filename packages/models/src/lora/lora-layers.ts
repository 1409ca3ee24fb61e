import { GraphError, gemm, linear, type Value } from '@rag/onnx';
import { type Dropout, noDropout } from '../dropout.js';
import { widthOf } from '../layers.js';
import type { LinearAdapter } from '../parameters.js';
import { type LoraConfig, LoraError, loraScale } from './lora-config.js';
import { isTarget } from './target-modules.js';

/** A linear layer of a model's graph. */
export interface LinearLayer {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  /** The rank of its adapter, if it has one. */
  readonly rank?: number;
}

export interface LoraLayersOptions {
  /** The training graph's dropout: each adapter is a site of its own. Default: none, for evaluation. */
  readonly dropout?: Dropout;
  /** For layers over [batch, features]: for each sequence, the row of its first token. */
  readonly first_token?: Value;
}

/** LoRA beside the linear layers of a graph, for `parameterRoot`; `layers` grows as the graph is built. */
export interface LoraLayers extends LinearAdapter {
  readonly layers: readonly LinearLayer[];
}

/** Behind the module's name: A [r, in] and B [out, r]. */
export const LORA_A = 'lora_A.weight';
export const LORA_B = 'lora_B.weight';

/**
 * Adds scaling·drop(x)·Aᵀ·Bᵀ to the linear layers that the config names, with the parameters `<module>.lora_A.weight` [r, in] and
 * `<module>.lora_B.weight` [out, r] (https://arxiv.org/abs/2106.09685, names of PEFT).
 * @throws LoraError, while the graph is built, for a rank beyond both sides of a layer
 */
export function loraLayers(
  config: LoraConfig,
  { dropout = noDropout, first_token }: LoraLayersOptions = {},
): LoraLayers {
  const layers: LinearLayer[] = [];
  const dropped = (name: string, x: Value): Value => {
    const probability = config.lora_dropout ?? 0;
    if (probability === 0 || dropout === noDropout) return x;
    if (x.shape[0] === 'tokens') return dropout.tokens(x, probability);
    if (first_token) return dropout.sequences(x, probability, first_token);
    throw new GraphError(
      name,
      `expected [tokens, features] for lora_dropout, got [${x.shape.join(', ')}] — pass first_token, or leave the layer out by exclude_modules`,
    );
  };
  return {
    layers,
    adapt(name, x, y, root) {
      const [width, out] = [widthOf(x), widthOf(y)];
      if (!isTarget(config, name)) {
        layers.push({ name, in: width, out });
        return y;
      }
      const { rank, scaling } = loraScale(config, name);
      if (rank > Math.max(width, out))
        throw new LoraError(
          'r',
          `expected a rank of at most ${Math.max(width, out)} for ${name} [${out}, ${width}], got ${rank}`,
          'lower it, or give this layer its own in rank_pattern',
        );
      layers.push({ name, in: width, out, rank });
      const a = root.get(`${name}.${LORA_A}`, [rank, width]);
      const b = root.get(`${name}.${LORA_B}`, [out, rank]);
      return gemm(linear(dropped(name, x), a), b, { transB: 1, alpha: scaling, c: y });
    },
  };
}
