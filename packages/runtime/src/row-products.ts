import { encodeModel, matmul, trace, transpose } from '@rag/onnx';
import { createSession, type SessionOptions } from './session.js';
import { Tensor } from './tensor.js';

/** Inner products of the rows of two matrices, opened once for any sizes. */
export interface RowProducts {
  /**
   * `left` [m, dim] · `right` [n, dim]ᵀ → [m, n], row-major float32: what the search of `@rag/eval` takes as its product.
   * The arrays must not change until the promise settles. Throws SessionError for arrays that are no rows of `dim`, and
   * after `dispose`.
   */
  product(left: Float32Array, right: Float32Array, dim: number): Promise<Float32Array>;
  dispose(): void;
}

/** Opens a MatMul on ONNX Runtime; rounding may differ with the sizes by the order of its sums. */
export async function openRowProducts(options: SessionOptions): Promise<RowProducts> {
  const graph = trace(
    {
      left: { dtype: 'float32', shape: ['m', 'dim'] },
      right: { dtype: 'float32', shape: ['n', 'dim'] },
    },
    ({ left, right }) => ({ products: matmul(left, transpose(right)) }),
  );
  const session = await createSession(encodeModel(graph), options);
  const rows = (data: Float32Array, dim: number) => new Tensor('float32', [data.length / dim, dim], data);
  return {
    async product(left, right, dim) {
      const { products } = await session.run({ left: rows(left, dim), right: rows(right, dim) });
      return products!.data as Float32Array;
    },
    dispose: () => session.dispose(),
  };
}
