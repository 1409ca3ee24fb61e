import * as library from '@huggingface/jinja';

/** A value of a template: `type` is `StringValue`, `ArrayValue`, … */
export interface JinjaValue {
  readonly type: string;
  readonly value: unknown;
}

/** A node of a parsed template. */
export interface JinjaNode {
  readonly type: string;
  readonly [part: string]: unknown;
}

export interface JinjaEnvironment {
  /** Declares a variable; JavaScript's values become the template's, functions too. */
  set(name: string, value: unknown): JinjaValue;
}

/** What `bounded-interpreter.ts` changes of the interpreter of @huggingface/jinja. */
export interface JinjaInterpreter {
  run(program: JinjaNode): JinjaValue;
  evaluate(node: JinjaNode | undefined, environment: JinjaEnvironment): JinjaValue;
  evaluateBlock(nodes: readonly JinjaNode[], environment: JinjaEnvironment): JinjaValue;
  evaluateBinaryExpression(node: JinjaNode, environment: JinjaEnvironment): JinjaValue;
  evaluateFor(node: JinjaNode, environment: JinjaEnvironment): JinjaValue;
  evaluateMemberExpression(node: JinjaNode, environment: JinjaEnvironment): JinjaValue;
  evaluateCallExpression(node: JinjaNode, environment: JinjaEnvironment): JinjaValue;
  applyFilter(operand: JinjaValue, filter: JinjaNode, environment: JinjaEnvironment): JinjaValue;
}

interface Parts {
  Environment: new () => JinjaEnvironment;
  Interpreter: new (environment: JinjaEnvironment) => JinjaInterpreter;
  parse(tokens: unknown): JinjaNode;
  tokenize(source: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }): unknown;
}

/**
 * The parts taken from @huggingface/jinja 0.5.11. Its declaration files import one another without extensions, which NodeNext
 * does not resolve, and keep the interpreter's methods private, so the parts in use are declared here.
 */
export const { Environment, Interpreter, parse, tokenize } = library as unknown as Parts;
