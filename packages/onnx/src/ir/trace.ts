import { GraphError } from './error.js';
import { leavesOf, topologicalOrder } from './order.js';
import type { TensorType } from './type.js';
import { describe, input, type Node, type Value } from './value.js';

/** A finished graph: what is fed, which weights it has, what it yields. */
export interface Graph {
  readonly inputs: readonly Value[];
  /** In order of first use. */
  readonly parameters: readonly Value[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** Each after its operands. */
  readonly nodes: readonly Node[];
}

/**
 * Writes down what `build` computes from the declared inputs. Sizes may be symbols: `{ dtype: 'int64', shape: ['tokens'] }`.
 * Parameters are found by themselves. Unused inputs stay inputs.
 */
export function trace<I extends Readonly<Record<string, TensorType>>>(
  inputs: I,
  build: (inputs: { readonly [K in keyof I]: Value }) => Readonly<Record<string, Value>>,
): Graph {
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, type]) => [name, input(name, type.dtype, type.shape)]),
  ) as { [K in keyof I]: Value };
  return graphOf(Object.values(values), build(values));
}

/** The graph of values that were built by hand; throws where two leaves share a name or an input is not declared. */
export function graphOf(inputs: readonly Value[], outputs: Readonly<Record<string, Value>>): Graph {
  const ends = Object.values(outputs);
  const names = new Map<string, Value>(inputs.map((value) => [nameOf(value), value]));
  if (names.size !== inputs.length)
    throw new GraphError('trace', `expected distinct inputs, got ${inputs.map(nameOf).join(', ')}`);
  const parameters: Value[] = [];
  for (const value of leavesOf(ends)) {
    if (value.source.kind === 'constant') continue;
    const name = nameOf(value);
    const known = names.get(name);
    if (known === value) continue;
    if (known)
      throw new GraphError(
        'trace',
        `expected one leaf named "${name}", got ${describe(known)} and ${describe(value)}`,
      );
    if (value.source.kind === 'input')
      throw new GraphError('trace', `expected every input to be declared, got ${describe(value)}`);
    names.set(name, value);
    parameters.push(value);
  }
  return { inputs, parameters, outputs, nodes: topologicalOrder(ends) };
}

/** The name of an input or parameter. */
export function nameOf(value: Value): string {
  if (value.source.kind === 'input' || value.source.kind === 'parameter') return value.source.name;
  throw new GraphError('trace', `expected an input or a parameter, got ${describe(value)}`);
}
