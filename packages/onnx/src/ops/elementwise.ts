import { GraphError } from '../ir/error.js';
import { defineOp, type TypedOp } from '../ir/op.js';
import { broadcastShapes, expectDType, expectFloat, sameDType } from '../ir/shape.js';
import { type DType, dtypes, isFloat, type TensorType } from '../ir/type.js';
import { constant, type Operand, type Value } from '../ir/value.js';

type Unary = [Value];
type Binary = [Value, Value];

const unaryType = ([x]: Unary): TensorType[] => [x];
const floatType = ([x]: Unary): TensorType[] => {
  expectFloat(x);
  return [x];
};
const binaryType = ([a, b]: Binary): TensorType[] => [
  { dtype: sameDType(a, b), shape: broadcastShapes(a.shape, b.shape) },
];
const variadicType = (values: readonly Value[]): TensorType[] => [
  { dtype: sameDType(...values), shape: broadcastShapes(...values.map((v) => v.shape)) },
];
const compareType = ([a, b]: Binary): TensorType[] => {
  sameDType(a, b);
  return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape) }];
};
const logicalType = ([a, b]: Binary): TensorType[] => {
  expectDType(a, 'bool');
  expectDType(b, 'bool');
  return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape) }];
};

// Arithmetic. Gradients of broadcast operands are summed by the engine.
export const Add = defineOp<Binary>('Add', { infer: binaryType, gradient: ({ dy }) => [dy, dy] });
export const Sub = defineOp<Binary>('Sub', { infer: binaryType, gradient: ({ dy }) => [dy, neg(dy)] });
export const Mul = defineOp<Binary>('Mul', {
  infer: binaryType,
  gradient: ({ inputs: [a, b], dy }) => [mul(dy, b), mul(dy, a)],
});
export const Div = defineOp<Binary>('Div', {
  infer: binaryType,
  gradient: ({ inputs: [, b], y, dy }) => [div(dy, b), neg(div(mul(dy, y), b))],
});
/** The base is differentiated everywhere; the exponent where the base is positive. */
export const Pow = defineOp<Binary>('Pow', {
  infer: ([a, b]) => [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }],
  gradient: ({ inputs: [a, b], y, dy }) => [mul(dy, mul(b, pow(a, sub(b, 1)))), mul(dy, mul(y, log(a)))],
});
export const Neg = defineOp<Unary>('Neg', { infer: unaryType, gradient: ({ dy }) => [neg(dy)] });
export const Abs = defineOp<Unary>('Abs', {
  infer: unaryType,
  gradient: ({ inputs: [x], dy }) => [mul(dy, sign(x))],
});
export const Sign = defineOp<Unary>('Sign', { infer: unaryType, gradient: 'none' });
export const Floor = defineOp<Unary>('Floor', { infer: floatType, gradient: 'none' });
export const Reciprocal = defineOp<Unary>('Reciprocal', {
  infer: floatType,
  gradient: ({ y, dy }) => [neg(mul(dy, mul(y, y)))],
});
export const Sqrt = defineOp<Unary>('Sqrt', {
  infer: floatType,
  gradient: ({ y, dy }) => [div(mul(dy, 0.5), y)],
});

// Exponentials and their kin.
export const Exp = defineOp<Unary>('Exp', { infer: floatType, gradient: ({ y, dy }) => [mul(dy, y)] });
export const Log = defineOp<Unary>('Log', {
  infer: floatType,
  gradient: ({ inputs: [x], dy }) => [div(dy, x)],
});
export const Erf = defineOp<Unary>('Erf', {
  infer: floatType,
  gradient: ({ inputs: [x], dy }) => [mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))],
});
export const Sin = defineOp<Unary>('Sin', {
  infer: floatType,
  gradient: ({ inputs: [x], dy }) => [mul(dy, cos(x))],
});
export const Cos = defineOp<Unary>('Cos', {
  infer: floatType,
  gradient: ({ inputs: [x], dy }) => [neg(mul(dy, sin(x)))],
});

// Activations.
export const Tanh = defineOp<Unary>('Tanh', {
  infer: floatType,
  gradient: ({ y, dy }) => [mul(dy, sub(1, mul(y, y)))],
});
export const Sigmoid = defineOp<Unary>('Sigmoid', {
  infer: floatType,
  gradient: ({ y, dy }) => [mul(dy, mul(y, sub(1, y)))],
});
export const Relu = defineOp<Unary>('Relu', {
  infer: floatType,
  gradient: ({ y, dy }) => [where(greater(y, 0), dy, 0)],
});
export const Softplus = defineOp<Unary>('Softplus', {
  infer: floatType,
  gradient: ({ inputs: [x], dy }) => [mul(dy, sigmoid(x))],
});
/** x·Φ(x); ONNX Runtime's own op, which exists from the lowest opset we write (https://arxiv.org/abs/1606.08415). */
export const Gelu = defineOp<Unary>('Gelu', {
  domain: 'com.microsoft',
  infer: floatType,
  gradient: ({ inputs: [x], dy }) => {
    // Φ(x) + x·φ(x) = ½·(1 + erf t + t·e^(ln(2/√π) − t²)) with t = x/√2: as few passes over memory as there can be.
    const t = mul(x, Math.SQRT1_2);
    const slope = mul(t, exp(sub(Math.log(2 / Math.sqrt(Math.PI)), mul(t, t))));
    return [mul(mul(dy, 0.5), add(add(erf(t), slope), 1))];
  },
});

// Choosing. At a tie the gradient goes to the first operand of Min and Max, and through Clip.
export const Min = defineOp<Value[]>('Min', {
  infer: variadicType,
  gradient: ({ inputs, y, dy }) => toChosen(inputs, y, dy),
});
export const Max = defineOp<Value[]>('Max', {
  infer: variadicType,
  gradient: ({ inputs, y, dy }) => toChosen(inputs, y, dy),
});
export const Clip = defineOp<[Value, Value | null, Value | null]>('Clip', {
  operands: 3,
  infer: ([x, low, high]) => {
    sameDType(x, low, high);
    return [x];
  },
  gradient: ({ inputs: [x], y, dy }) => [where(equal(x, y), dy, 0), null, null],
});
export const Where = defineOp<[Value, Value, Value]>('Where', {
  infer: ([condition, a, b]) => {
    expectDType(condition, 'bool');
    return [{ dtype: sameDType(a, b), shape: broadcastShapes(condition.shape, a.shape, b.shape) }];
  },
  gradient: ({ inputs: [condition], dy }) => [null, where(condition, dy, 0), where(condition, 0, dy)],
});

// Comparisons and logic: not differentiable.
export const Equal = defineOp<Binary>('Equal', { infer: compareType, gradient: 'none' });
export const Less = defineOp<Binary>('Less', { infer: compareType, gradient: 'none' });
export const LessOrEqual = defineOp<Binary>('LessOrEqual', { infer: compareType, gradient: 'none' });
export const Greater = defineOp<Binary>('Greater', { infer: compareType, gradient: 'none' });
export const GreaterOrEqual = defineOp<Binary>('GreaterOrEqual', { infer: compareType, gradient: 'none' });
export const And = defineOp<Binary>('And', { infer: logicalType, gradient: 'none' });
export const Or = defineOp<Binary>('Or', { infer: logicalType, gradient: 'none' });
export const Not = defineOp<Unary>('Not', {
  infer: ([x]) => {
    expectDType(x, 'bool');
    return [x];
  },
  gradient: 'none',
});

export const IsNaN = defineOp<Unary>('IsNaN', {
  infer: ([x]) => {
    expectFloat(x);
    return [{ dtype: 'bool', shape: x.shape }];
  },
  gradient: 'none',
});

export const Cast = defineOp<Unary, { to: number }>('Cast', {
  defaults: { to: undefined },
  infer: ([x], { to }) => {
    const dtype = (Object.keys(dtypes) as DType[]).find((name) => dtypes[name].code === to);
    if (!dtype) throw new GraphError('Cast', `expected a supported element type, got code ${to}`);
    return [{ dtype, shape: x.shape }];
  },
  gradient: ({ inputs: [x], y, dy }) => [isFloat(y.dtype) ? cast(dy, x.dtype) : null],
});

/** Numbers become scalar constants of the other operands' dtype. */
export function operands(...values: readonly Operand[]): Value[] {
  const typed = values.find((value) => typeof value !== 'number');
  if (!typed)
    throw new GraphError('operands', 'expected at least one Value, got numbers only — use constant()');
  return values.map((value) => (typeof value === 'number' ? constant(value, typed.dtype) : value));
}

type BinaryOp = TypedOp<Binary, Record<never, never>>;
type UnaryOp = TypedOp<Unary, Record<never, never>>;
const binary =
  (op: BinaryOp) =>
  (a: Operand, b: Operand): Value =>
    op.of(operands(a, b) as Binary);
const unary =
  (op: UnaryOp) =>
  (x: Value): Value =>
    op.of([x]);

export const add = binary(Add);
export const sub = binary(Sub);
export const mul = binary(Mul);
export const div = binary(Div);
export const pow = binary(Pow);
export const equal = binary(Equal);
export const less = binary(Less);
export const lessOrEqual = binary(LessOrEqual);
export const greater = binary(Greater);
export const greaterOrEqual = binary(GreaterOrEqual);
export const and = binary(And);
export const or = binary(Or);
export const neg = unary(Neg);
export const abs = unary(Abs);
export const sign = unary(Sign);
export const floor = unary(Floor);
export const reciprocal = unary(Reciprocal);
export const sqrt = unary(Sqrt);
export const exp = unary(Exp);
export const log = unary(Log);
export const erf = unary(Erf);
export const sin = unary(Sin);
export const cos = unary(Cos);
export const tanh = unary(Tanh);
export const sigmoid = unary(Sigmoid);
export const relu = unary(Relu);
export const softplus = unary(Softplus);
export const gelu = unary(Gelu);
export const not = unary(Not);
export const min = (...values: Operand[]): Value => Min.of(operands(...values));
export const max = (...values: Operand[]): Value => Max.of(operands(...values));
export const where = (condition: Value, a: Operand, b: Operand): Value =>
  Where.of([condition, ...(operands(a, b) as Binary)]);

/** x within [low, high]; either bound may be left out. */
export function clip(x: Value, low: number | null, high: number | null): Value {
  const bound = (limit: number | null) => (limit === null ? null : constant(limit, x.dtype));
  return Clip.of([x, bound(low), bound(high)]);
}

/** x in another dtype; x itself where it already has it. */
export const cast = (x: Value, to: DType): Value =>
  x.dtype === to ? x : Cast.of([x], { to: dtypes[to].code });

function toChosen(inputs: readonly Value[], y: Value, dy: Value): Value[] {
  let free: Value | undefined;
  return inputs.map((x) => {
    const equalsResult = equal(x, y);
    const chosen = free ? and(free, equalsResult) : equalsResult;
    free = free ? and(free, not(equalsResult)) : not(equalsResult);
    return where(chosen, dy, 0);
  });
}
