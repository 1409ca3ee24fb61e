import { TokenizerError } from '../errors.js';
import { BoundedInterpreter } from './bounded-interpreter.js';
import { Environment, type JinjaNode, parse, tokenize } from './jinja.js';
import { strftime } from './strftime.js';

/** UTF-16 units; the longest templates in use have some 40,000. */
const MAX_TEMPLATE = 1 << 18;
const MAX_RANGE = 100_000;
/** The tokenizer of @huggingface/jinja takes quadratic time in a run of white space. */
const LONG_SPACES = /\s{500}/;

const parsed = new Map<string, JinjaNode>();

/**
 * Renders a chat template as transformers' `apply_chat_template` does: Jinja with `trim_blocks` and `lstrip_blocks`, and the
 * functions `raise_exception`, `strftime_now` and `range`. A template sees the variables and nothing else of the program; its
 * steps and sizes are bounded.
 * @param variables plain values: text, numbers, booleans, null, arrays and objects of them
 * @throws TokenizerError for a template that cannot be read, that raises an exception or that does not end soon
 */
export function renderChatTemplate(template: string, variables: Readonly<Record<string, unknown>>): string {
  if (template.length > MAX_TEMPLATE)
    fail(`at most ${MAX_TEMPLATE} characters`, String(template.length), 'the file is damaged');
  if (LONG_SPACES.test(template))
    fail('less than 500 spaces and line ends in a row', 'more', 'the file is damaged');
  let raised: string | undefined;
  const functions = {
    raise_exception: (message: unknown) => {
      raised = String(message);
      throw new Error(`raise_exception: ${raised}`);
    },
    strftime_now: (format: unknown) => strftime(new Date(), String(format)),
    range,
  };
  const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
  try {
    let program = parsed.get(template);
    if (program === undefined) {
      program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
      if (parsed.size >= 16) parsed.clear();
      parsed.set(template, program);
    }
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...constants, ...functions, ...variables }))
      if (value !== undefined) environment.set(name, value);
    return new BoundedInterpreter(environment).run(program).value as string;
  } catch (cause) {
    if (raised !== undefined)
      fail('messages that the template accepts', raised, 'change the messages', cause);
    if (cause instanceof TokenizerError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    const deep = cause instanceof RangeError && message.includes('call stack');
    fail(
      'a template that renders these messages',
      deep ? 'values or blocks nested too deep' : `"${message}"`,
      'compare the messages with the template, in tokenizer_config.json or chat_template.jinja',
      cause,
    );
  }
}

function range(from: unknown, to: unknown, by: unknown = 1): number[] {
  const [start, stop, step] = to === undefined || to === null ? [0, from, 1] : [from, to, by];
  const numbers = [start, stop, step].map(Number);
  const [first, end, stride] = numbers as [number, number, number];
  const count = Math.max(0, Math.ceil((end - first) / stride));
  if (!numbers.every(Number.isInteger) || stride === 0 || count > MAX_RANGE)
    throw new Error(`range: expected integers and at most ${MAX_RANGE} of them, got ${numbers.join(', ')}`);
  return Array.from({ length: count }, (_, i) => first + i * stride);
}

function fail(expected: string, got: string, advice: string, cause?: unknown): never {
  const shown = got.length > 300 ? `${got.slice(0, 300)}…` : got;
  throw new TokenizerError('chat template', expected, shown, advice, { cause });
}
