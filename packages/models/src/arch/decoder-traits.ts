import type { HiddenAct } from '../config-file.js';
import type { RopeScaling } from '../rope-scaling.js';

export const LAYER_TYPES = ['full_attention', 'sliding_attention'] as const;
export type LayerType = (typeof LAYER_TYPES)[number];

/** Where the tokens of a layer stand, for its attention. */
export interface DecoderRope {
  readonly theta: number;
  readonly scaling: RopeScaling;
}

/** What tells one decoder family's layers from another's, as a config.json and the family decide it. */
export interface DecoderTraits {
  /** Of a head; heads · width need not be the hidden size. */
  readonly headWidth: number;
  readonly keyValueHeads: number;
  readonly intermediateSize: number;
  readonly activation: HiddenAct;
  readonly epsilon: number;
  /** Added to the norms' weights: 1 for Gemma. */
  readonly normOffset: 0 | 1;
  readonly bias: {
    readonly queryKeyValue: boolean;
    readonly output: boolean;
    readonly feedForward: boolean;
  };
  /** Whether queries and keys pass a norm, head by head, before they are turned. */
  readonly headNorms: boolean;
  /** Whether attention and feed-forward part end in a norm too (Gemma 2). */
  readonly postNorms: boolean;
  /** What the embeddings, and what each part adds to the residual stream, are multiplied by. */
  readonly embeddingScale: number;
  readonly residualScale: number;
  readonly attentionScale: number;
  readonly attentionSoftcap: number | null;
  readonly attentionDropout: number;
  readonly isCausal: boolean;
  /** Of each layer. */
  readonly layerTypes: readonly LayerType[];
  /** As `VisibleColumns.window`, of layers of sliding attention. */
  readonly window: number | undefined;
  readonly rope: { readonly [Type in LayerType]: DecoderRope };
  /** Whether the embeddings are the causal head's weights. */
  readonly tied: boolean;
  /** What the final hidden state is multiplied by before the causal head. */
  readonly logitScale: number;
  readonly logitSoftcap: number | null;
}
