import { TokenizerError } from '../errors.js';
import { Environment, Interpreter, type JinjaEnvironment, type JinjaNode, type JinjaValue } from './jinja.js';
import { equal, pythonText, strip } from './python-text.js';

/** Steps of one rendering: nodes that are evaluated, text and lists by their lengths. */
const MAX_STEPS = 4_000_000;
/** UTF-16 units of a text; entries and text of a list or mapping. */
const MAX_SIZE = 1 << 22;
const MAX_DEPTH = 400;
const MAX_NESTING = 64;
/** Units of text that pass in one step where they are searched or copied, and where they are only handed on. */
const UNITS_USED = 4;
const UNITS_HANDED_ON = 256;
/** Steps of what throws and catches an Error inside, and of what makes a scope. */
const SLOW_STEPS = 50;

/** Filters and methods whose result can be larger than what they are applied to and their arguments together. */
const GROWING = new Set<unknown>(['replace', 'join', 'indent', 'tojson']);
/** Nodes that print only what is in them. */
const STATEMENTS = /^(Program|Set|If|For|Macro|CallStatement|FilterStatement|Comment|Break|Continue)$/;

/** Makes a value of the template. */
const toValue = (value: unknown): JinjaValue => new Environment().set('value', value);
const textOf = (value: JinjaValue): string | undefined =>
  value.type === 'StringValue' ? (value.value as string) : undefined;
/** A node that has been evaluated. */
const constant = (value: JinjaValue): JinjaNode => ({ type: 'Constant', value });

/** Says that a template does more than templates do. */
function refuse(what: string): never {
  throw new TokenizerError('chat template', 'one that ends soon', `one that ${what}`, 'do not use it');
}

/**
 * The interpreter of @huggingface/jinja with an end: steps, sizes and depth are counted, so that a hostile template is an error
 * within seconds. It prints and compares as Python does.
 */
export class BoundedInterpreter extends Interpreter {
  #steps = 0;
  #depth = 0;
  readonly #sizes = new WeakMap<object, { size: number; nesting: number }>();
  readonly #nodeCounts = new WeakMap<object, number>();

  #charge(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) refuse('takes too many steps');
  }

  /** Size of a value with all that it holds; a value that holds another several times counts it as often. */
  #measure(value: JinjaValue, nesting = 0): { size: number; nesting: number } {
    const inner = value.value;
    if (typeof inner === 'string') return { size: 1 + inner.length, nesting: 0 };
    const isMap = inner instanceof Map;
    if (!isMap && !Array.isArray(inner)) return { size: 1, nesting: 0 };
    // A namespace can change, and hold itself.
    const known = value.type === 'NamespaceValue' ? undefined : this.#sizes.get(value);
    if (known) return known;
    if (nesting > MAX_NESTING) refuse('nests values too deep');
    const found = { size: 1, nesting: 1 };
    for (const entry of inner as Iterable<JinjaValue | [string, JinjaValue]>) {
      const item = isMap ? (entry as [string, JinjaValue])[1] : (entry as JinjaValue);
      if (item?.type === 'NamespaceValue') refuse('keeps a namespace in a value');
      const part = item === undefined ? { size: 1, nesting: 0 } : this.#measure(item, nesting + 1);
      found.size += part.size + (isMap ? (entry as [string, JinjaValue])[0].length : 0);
      found.nesting = Math.max(found.nesting, part.nesting + 1);
      this.#charge(1);
      if (found.size > MAX_SIZE) refuse('makes a value that is too large');
    }
    if (found.nesting > MAX_NESTING) refuse('nests values too deep');
    if (value.type !== 'NamespaceValue') this.#sizes.set(value, found);
    return found;
  }

  override evaluate(node: JinjaNode | undefined, environment: JinjaEnvironment): JinjaValue {
    if (node?.type === 'Constant') return node.value as JinjaValue;
    this.#charge(1);
    if (this.#depth > MAX_DEPTH) refuse('calls itself too often');
    if (node?.type === 'Break' || node?.type === 'Continue') this.#charge(SLOW_STEPS);
    // The interpreter looks through the whole body for its arguments.
    if (node?.type === 'Macro' || node?.type === 'CallStatement') this.#charge(this.#countNodes(node));
    this.#depth += 1;
    let value: JinjaValue;
    try {
      value = super.evaluate(node, environment);
    } finally {
      this.#depth -= 1;
    }
    if (value.type === 'UndefinedValue') this.#charge(SLOW_STEPS);
    this.#check(value);
    return value;
  }

  #check(value: JinjaValue): void {
    const text = textOf(value);
    if (text === undefined) this.#measure(value);
    else {
      if (text.length > MAX_SIZE) refuse('makes a text that is too long');
      this.#charge(text.length / UNITS_HANDED_ON);
    }
  }

  #countNodes(node: unknown): number {
    if (typeof node !== 'object' || node === null) return 1;
    let count = this.#nodeCounts.get(node);
    if (count === undefined) {
      count = 1;
      const parts: Iterable<unknown> = node instanceof Map ? [...node].flat() : Object.values(node);
      for (const part of parts) count += this.#countNodes(part);
      this.#nodeCounts.set(node, count);
    }
    return count;
  }

  override evaluateBlock(nodes: readonly JinjaNode[], environment: JinjaEnvironment): JinjaValue {
    let text = '';
    for (const node of nodes) {
      let value: JinjaValue;
      try {
        value = this.evaluate(node, environment);
      } catch (error) {
        // The loop around it forgets what its body has printed so far, Python's does not.
        if (text !== '' && error instanceof Error && error.message === '')
          throw new TokenizerError(
            'chat template',
            'break and continue before the body of a loop prints',
            'one after',
            'write the condition before the text',
          );
        throw error;
      }
      const prints = !STATEMENTS.test(node.type);
      text += prints || value.type === 'StringValue' ? pythonText(value) : '';
      this.#charge(1);
      if (text.length > MAX_SIZE) refuse('prints too much');
    }
    return toValue(text);
  }

  override evaluateBinaryExpression(node: JinjaNode, environment: JinjaEnvironment): JinjaValue {
    const operator = (node.operator as { value: string }).value;
    if (operator === 'and' || operator === 'or') return super.evaluateBinaryExpression(node, environment);
    const left = this.evaluate(node.left as JinjaNode, environment);
    const right = this.evaluate(node.right as JinjaNode, environment);
    this.#charge(Math.min(this.#measure(left).size, this.#measure(right).size) / UNITS_USED);
    if (operator === '==' || operator === '!=') return toValue(equal(left, right) === (operator === '=='));
    if (operator === '~') return toValue(pythonText(left) + pythonText(right));
    const texts = [left, right].filter((value) => textOf(value) !== undefined).length;
    if (operator === '+' && texts === 1)
      throw new Error(`expected two texts to join with +, got a ${left.type} and a ${right.type}`);
    if (operator.endsWith('in')) this.#chargeProduct(left, right);
    const operands = { left: constant(left), right: constant(right) };
    return super.evaluateBinaryExpression({ ...node, ...operands }, environment);
  }

  #chargeProduct(a: JinjaValue, b: JinjaValue): void {
    this.#charge((this.#measure(a).size * Math.min(this.#measure(b).size, MAX_SIZE)) / 256);
  }

  override evaluateFor(node: JinjaNode, environment: JinjaEnvironment): JinjaValue {
    const select = node.iterable as JinjaNode;
    const filtered = select.type === 'SelectExpression';
    const iterable = this.evaluate((filtered ? select.lhs : select) as JinjaNode, environment);
    const count = Array.isArray(iterable.value) ? iterable.value.length : this.#measure(iterable).size;
    this.#charge(count * SLOW_STEPS);
    const fixed = constant(iterable);
    return super.evaluateFor(
      { ...node, iterable: filtered ? { ...select, lhs: fixed } : fixed },
      environment,
    );
  }

  /** The arguments, evaluated once, and how much they can make of one unit of what they are applied to. */
  #fix(name: unknown, nodes: unknown, environment: JinjaEnvironment): { args: JinjaNode[]; growth: number } {
    let growth = 1;
    const evaluated = (node: JinjaNode): JinjaNode => {
      const value = this.evaluate(node, environment);
      const isWidth = typeof value.value === 'number' && GROWING.has(name);
      growth += isWidth ? Math.abs(value.value as number) : this.#measure(value).size;
      return constant(value);
    };
    const args = (nodes as JinjaNode[]).map((arg) => {
      if (arg.type === 'KeywordArgumentExpression')
        return { ...arg, value: evaluated(arg.value as JinjaNode) };
      if (arg.type === 'SpreadExpression' || arg.type === 'KeywordSpreadExpression')
        return { ...arg, argument: evaluated(arg.argument as JinjaNode) };
      return evaluated(arg);
    });
    return { args, growth };
  }

  #chargeUse(name: unknown, operand: JinjaValue, growth: number): void {
    const { size, nesting } = this.#measure(operand);
    // Others look for their arguments at most.
    const most = GROWING.has(name) ? size * growth * (1 + nesting) : size + (size * growth) / UNITS_USED;
    if (!(most <= MAX_SIZE * 16)) refuse('makes a text that is too long');
    this.#charge(most / UNITS_USED);
  }

  override applyFilter(operand: JinjaValue, filter: JinjaNode, environment: JinjaEnvironment): JinjaValue {
    const isCall = filter.type === 'CallExpression';
    const name = ((isCall ? filter.callee : filter) as { value?: unknown }).value;
    const text = textOf(operand);
    if (text !== undefined && !isCall) {
      if (name === 'length' || name === 'count') return toValue([...text].length);
      if (name === 'trim') return toValue(strip(text, 'strip'));
    }
    if (name === 'string' && !isCall) return toValue(pythonText(operand));
    if (name === 'join' && Array.isArray(operand.value)) {
      const texts = (operand.value as JinjaValue[]).map((item) => toValue(pythonText(item)));
      const copy = toValue([]);
      (copy.value as JinjaValue[]).push(...texts);
      return this.#applyFixed(copy, filter, environment);
    }
    return this.#applyFixed(operand, filter, environment);
  }

  #applyFixed(operand: JinjaValue, filter: JinjaNode, environment: JinjaEnvironment): JinjaValue {
    const name = ((filter.callee ?? filter) as { value?: unknown }).value;
    // Their arguments are read as they are written.
    const asWritten = name === 'selectattr' || name === 'rejectattr';
    if (filter.type !== 'CallExpression' || asWritten) {
      this.#chargeUse(name, operand, 4);
      return super.applyFilter(operand, filter, environment);
    }
    const { args, growth } = this.#fix(name, filter.args, environment);
    this.#chargeUse(name, operand, growth);
    return super.applyFilter(operand, { ...filter, args }, environment);
  }

  override evaluateMemberExpression(node: JinjaNode, environment: JinjaEnvironment): JinjaValue {
    const object = this.evaluate(node.object as JinjaNode, environment);
    const isSlice = (node.property as JinjaNode).type === 'SliceExpression';
    if (isSlice) this.#charge(this.#measure(object).size / UNITS_USED);
    return super.evaluateMemberExpression({ ...node, object: constant(object) }, environment);
  }

  override evaluateCallExpression(node: JinjaNode, environment: JinjaEnvironment): JinjaValue {
    const callee = node.callee as JinjaNode;
    const method = (callee.property as { value?: unknown } | undefined)?.value;
    const { args, growth } = this.#fix(method, node.args, environment);
    this.#charge(SLOW_STEPS);
    if (callee.type !== 'MemberExpression')
      return super.evaluateCallExpression({ ...node, args }, environment);
    const object = this.evaluate(callee.object as JinjaNode, environment);
    this.#chargeUse(method, object, growth);
    const text = textOf(object);
    if (text !== undefined && !callee.computed && /^[lr]?strip$/.test(String(method))) {
      const chars = args[0]?.value as JinjaValue | undefined;
      return toValue(strip(text, String(method), chars && textOf(chars)));
    }
    const fixed = { ...callee, object: constant(object) };
    return super.evaluateCallExpression({ ...node, callee: fixed, args }, environment);
  }
}
