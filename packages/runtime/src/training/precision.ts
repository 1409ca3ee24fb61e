import type { NarrowFloat, Provider } from '@rag/onnx';
import { SessionError } from '../error.js';

/** Number format of a model's products, in accelerate's spelling; the state, norms, softmax and losses are fp32 in each. */
export type Precision = 'fp32' | 'fp16' | 'bf16';

/** What a graph is lowered to beside float32. */
export interface NarrowPrecision {
  readonly dtype: NarrowFloat;
  /** Computed in float32 and rounded, see `mixedPrecision` of @rag/onnx. */
  readonly emulate: boolean;
}

interface PrecisionOptions {
  readonly provider: Provider;
  readonly precision?: Precision;
  readonly emulatePrecision?: boolean;
}

const dtypes = { fp16: 'float16', bf16: 'bfloat16' } as const;

/** The narrow type of these options; undefined for fp32. */
export const narrowPrecision = ({
  precision = 'fp32',
  emulatePrecision = false,
}: Omit<PrecisionOptions, 'provider'>): NarrowPrecision | undefined =>
  precision === 'fp32' ? undefined : { dtype: dtypes[precision], emulate: emulatePrecision };

/**
 * Why a provider cannot compute in a precision, or undefined where it can. ONNX Runtime's CPU provider, wasm's included, has no
 * product in bfloat16; those in float16 it computes in float32 and rounds nowhere, so they would only cost time. (On ARM64 it has
 * kernels for some, which nobody has run here.)
 */
export function precisionFault(provider: Provider, precision: Precision): string | undefined {
  if (precision === 'fp32' || provider === 'cuda') return undefined;
  if (provider === 'webgpu') return precision === 'bf16' ? 'WebGPU has no bf16' : undefined;
  return `the ${provider} provider has no ${precision} kernels`;
}

/**
 * Throws SessionError unless the provider computes in this precision, or emulates it on `cpu` and `wasm`. For fp16 on `webgpu`
 * an adapter with the feature `shader-f16` is asked for (https://www.w3.org/TR/webgpu/#shader-f16) where the platform has one to ask;
 * in Node, which has none, the first run is refused (`provider-error.ts`).
 */
export async function checkPrecision({
  provider,
  precision = 'fp32',
  emulatePrecision = false,
}: PrecisionOptions): Promise<void> {
  const fault = precisionFault(provider, precision);
  if (emulatePrecision && (provider === 'cpu' || provider === 'wasm')) return;
  if (emulatePrecision)
    throw new SessionError('emulatePrecision', `expected cpu or wasm, got ${provider} — leave it out`);
  if (fault !== undefined)
    throw new SessionError(
      'precision',
      `expected fp32 on ${provider}, got ${precision} (${fault}) — train in fp32${provider === 'webgpu' ? ' or fp16' : ', or on cuda'}`,
    );
  if (provider === 'webgpu' && precision === 'fp16' && (await hasShaderF16()) === false)
    throw new SessionError(
      'precision',
      'expected a WebGPU adapter with shader-f16 for fp16, got one without — train in fp32',
    );
}

interface Gpu {
  requestAdapter(): Promise<{ readonly features: { has(name: string): boolean } } | null>;
}

/** undefined where the platform has no WebGPU of its own to ask, as in Node. */
async function hasShaderF16(): Promise<boolean | undefined> {
  const { navigator } = globalThis as { navigator?: { gpu?: Gpu } };
  if (!navigator?.gpu) return undefined;
  return (await navigator.gpu.requestAdapter())?.features.has('shader-f16') ?? false;
}
