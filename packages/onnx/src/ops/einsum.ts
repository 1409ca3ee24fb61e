import { GraphError } from '../ir/error.js';
import type { Dim, Shape } from '../ir/type.js';

function terms(equation: string, count: number): { operands: string[]; output: string } {
  const [left, output] = equation.replaceAll(' ', '').split('->');
  const operands = left?.split(',') ?? [];
  if (
    output === undefined ||
    operands.length !== count ||
    !/^[a-z,]*->[a-z]*$/i.test(equation.replaceAll(' ', ''))
  )
    throw new GraphError(
      'Einsum',
      `expected an explicit equation of ${count} operands like "ij,jk->ik", got "${equation}"`,
    );
  for (const term of [...operands, output])
    if (new Set(term).size !== term.length)
      throw new GraphError('Einsum', `expected each index once per operand, got "${term}" in "${equation}"`);
  return { operands, output };
}

/** The output's shape; sizes of one index must agree. */
export function einsumShape(equation: string, shapes: readonly Shape[]): Shape {
  const { operands, output } = terms(equation, shapes.length);
  const sizes = new Map<string, Dim>();
  for (const [at, term] of operands.entries()) {
    const shape = shapes[at]!;
    if (term.length !== shape.length)
      throw new GraphError('Einsum', `expected rank ${term.length} for "${term}", got [${shape.join(', ')}]`);
    for (const [axis, index] of [...term].entries()) {
      const known = sizes.get(index);
      if (known !== undefined && known !== shape[axis])
        throw new GraphError(
          'Einsum',
          `expected one size for index "${index}", got ${known} and ${shape[axis]}`,
        );
      sizes.set(index, shape[axis]!);
    }
  }
  return [...output].map((index) => {
    const size = sizes.get(index);
    if (size === undefined)
      throw new GraphError('Einsum', `expected index "${index}" in an operand of "${equation}"`);
    return size;
  });
}

/**
 * For each operand, the einsum of dy and the other operands that is its gradient. An index that only this operand has
 * (a plain sum) cannot be written so and is refused: reduceSum() first.
 */
export function einsumGradient(equation: string, count: number): { equation: string; operands: number[] }[] {
  const { operands, output } = terms(equation, count);
  return operands.map((term, at) => {
    const others = operands.flatMap((_, i) => (i === at ? [] : [i]));
    const seen = [output, ...others.map((i) => operands[i])].join('');
    const lonely = [...term].find((index) => !seen.includes(index));
    if (lonely !== undefined)
      throw new GraphError(
        'Einsum',
        `expected index "${lonely}" in another operand or the output of "${equation}" — reduceSum() it first`,
      );
    return {
      equation: `${[output, ...others.map((i) => operands[i])].join(',')}->${term}`,
      operands: others,
    };
  });
}
