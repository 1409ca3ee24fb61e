import { type PickleBytes, pickleBytes } from './pickle-bytes.js';
import { describe, isKind, type PickleGlobal, type PickleTuple, type PickleValue } from './pickle-value.js';
import { PytorchFileError } from './pytorch-file-error.js';

/** What a reader lets a pickle do. Nothing else is ever called. */
export interface PickleReader {
  /** `module.name` of each allowed global and what calling it gives; `undefined`: it may be named, not called. */
  readonly globals: ReadonlyMap<string, ((args: readonly PickleValue[]) => PickleValue) | undefined>;
  /** The object of a persistent id. */
  persistent(id: PickleValue): PickleValue;
}

/** The most opcodes that are interpreted, each of which makes one value at most: about 100,000 tensors. */
export const MAX_OPCODES = 1 << 22;
/** The most dicts and calls: three per tensor at most. A Map takes 200 bytes even when it is empty. */
export const MAX_DICTS = 1 << 19;

/**
 * Interprets a pickle that fills `bytes`; see {@link unpickleFrom}.
 * @throws PytorchFileError
 */
export function unpickle(bytes: Uint8Array, where: string, reader: PickleReader): PickleValue {
  const { value, end } = unpickleFrom(bytes, 0, where, reader);
  if (end === bytes.length) return value;
  throw new PytorchFileError(
    where,
    `pickle at byte ${end}: expected the end, got ${bytes.length - end} bytes more`,
  );
}

/**
 * Interprets the pickle of protocol 2–5 that begins at a byte, as far as a state dict needs: numbers, strings, tuples, lists,
 * dicts, the allowed globals, calls of them and persistent ids. Every other opcode and global is an error that names it;
 * nothing is executed, imported or expanded, and time and memory are bounded by the pickle's length and by the limits above.
 * Opcodes: CPython's Lib/pickletools.py.
 * @param where what errors name: the file.
 * @returns the value and the byte after the pickle
 * @throws PytorchFileError, PickleCutError where the bytes end first
 */
export function unpickleFrom(
  bytes: Uint8Array,
  start: number,
  where: string,
  reader: PickleReader,
): { value: PickleValue; end: number } {
  const from = pickleBytes(bytes, start, where);
  // The compiler follows calls that never return only through an explicit type.
  const fail: PickleBytes['fail'] = from.fail;
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const memo = new Map<number, PickleValue>();
  let dicts = 0;

  const pop = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) fail('expected a value on the stack, got none');
    return stack.pop() as PickleValue;
  };
  const popToMark = (): PickleValue[] => {
    const mark = marks.pop();
    if (mark === undefined) return fail('expected a mark on the stack, got none');
    return stack.splice(mark);
  };
  const top = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) fail('expected a value on the stack, got none');
    return stack.at(-1) as PickleValue;
  };
  const global = (name: string): PickleGlobal => {
    if (!reader.globals.has(name)) {
      fail(
        `expected only ${[...reader.globals.keys()].join(', ')}, got the global ${JSON.stringify(name.slice(0, 200))}`,
        'it is not called: save a plain state dict of tensors, as safetensors if the file is from elsewhere',
      );
    }
    return { kind: 'global', name };
  };
  const call = (target: PickleValue, args: PickleValue): PickleValue => {
    if (!isKind(target, 'global') || !isKind(args, 'tuple')) {
      return fail(`expected a call of a global with a tuple, got ${describe(target)} with ${describe(args)}`);
    }
    if (++dicts > MAX_DICTS) return fail(`expected at most ${MAX_DICTS} dicts and calls, got more`);
    const make = reader.globals.get(target.name);
    return make === undefined
      ? fail(`expected ${target.name} to be named, got a call of it`)
      : make(args.items);
  };
  const put = (index: number) => memo.set(index, top());
  const get = (index: number): PickleValue =>
    memo.has(index)
      ? (memo.get(index) as PickleValue)
      : fail(`expected memo ${index}, got none of this number`);
  const append = (items: readonly PickleValue[]) => {
    const list = top();
    if (!isKind(list, 'list')) return fail(`expected a list to append to, got ${describe(list)}`);
    for (const item of items) list.items.push(item);
  };
  const setItems = (items: readonly PickleValue[]) => {
    const dict = top();
    if (!isKind(dict, 'dict')) return fail(`expected a dict to fill, got ${describe(dict)}`);
    if (items.length % 2 === 1) fail('expected keys with values, got an odd number of items');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PickleValue;
      if (typeof key === 'object' && key !== null) fail(`expected plain keys, got ${describe(key)}`);
      dict.items.set(key as string | number | boolean | null, items[i + 1] as PickleValue);
    }
  };
  const tuple = (items: readonly PickleValue[]): PickleTuple => ({ kind: 'tuple', items });
  const build = () => {
    const state = pop();
    const target = top();
    if (!isKind(target, 'dict') || !target.ordered || !isKind(state, 'dict')) {
      fail(`expected attributes of an OrderedDict only, got ${describe(state)} for ${describe(target)}`);
    }
  };
  const names = (): string => {
    const name = pop();
    const module = pop();
    if (typeof name !== 'string' || typeof module !== 'string') {
      return fail(`expected two strings that name a global, got ${describe(module)} and ${describe(name)}`);
    }
    return `${module}.${name}`;
  };

  for (let opcodes = 0; ; opcodes++) {
    if (opcodes === MAX_OPCODES) {
      fail(`expected at most ${MAX_OPCODES} opcodes, got more`, 'save the state dict alone');
    }
    const opcode = from.uint8();
    switch (opcode) {
      case 0x80: {
        const protocol = from.uint8();
        if (from.at !== start + 2 || protocol < 2 || protocol > 5)
          fail(`expected protocol 2 to 5 once, got ${protocol}`);
        break;
      }
      case 0x95: // FRAME: a hint for buffering
        from.length64();
        break;
      case 0x2e: {
        // STOP
        const value = pop();
        if (stack.length > 0 || marks.length > 0) {
          fail(`expected the end with one value, got ${stack.length + 1}`);
        }
        return { value, end: from.at };
      }
      case 0x28:
        marks.push(stack.length);
        break; // MARK
      case 0x4e:
        stack.push(null);
        break; // NONE
      case 0x88:
        stack.push(true);
        break; // NEWTRUE
      case 0x89:
        stack.push(false);
        break; // NEWFALSE
      case 0x4b:
        stack.push(from.uint8());
        break; // BININT1
      case 0x4d:
        stack.push(from.uint16());
        break; // BININT2
      case 0x4a:
        stack.push(from.int32());
        break; // BININT
      case 0x8a:
        stack.push(from.long(from.uint8()));
        break; // LONG1
      case 0x47:
        stack.push(from.float64());
        break; // BINFLOAT
      case 0x58:
        stack.push(from.text(from.uint32()));
        break; // BINUNICODE
      case 0x8c:
        stack.push(from.text(from.uint8()));
        break; // SHORT_BINUNICODE
      case 0x8d:
        stack.push(from.text(from.length64()));
        break; // BINUNICODE8
      case 0x55:
        stack.push(from.text(from.uint8()));
        break; // SHORT_BINSTRING: a str of Python 2
      case 0x54:
        stack.push(from.text(from.uint32()));
        break; // BINSTRING
      case 0x7d:
        if (++dicts > MAX_DICTS) fail(`expected at most ${MAX_DICTS} dicts, got more`);
        stack.push({ kind: 'dict', ordered: false, items: new Map() });
        break; // EMPTY_DICT
      case 0x5d:
        stack.push({ kind: 'list', items: [] });
        break; // EMPTY_LIST
      case 0x29:
        stack.push(tuple([]));
        break; // EMPTY_TUPLE
      case 0x74:
        stack.push(tuple(popToMark()));
        break; // TUPLE
      case 0x85:
        stack.push(tuple([pop()]));
        break; // TUPLE1
      case 0x86:
        stack.push(tuple([pop(), pop()].reverse()));
        break; // TUPLE2
      case 0x87:
        stack.push(tuple([pop(), pop(), pop()].reverse()));
        break; // TUPLE3
      case 0x61:
        append([pop()]);
        break; // APPEND
      case 0x65:
        append(popToMark());
        break; // APPENDS
      case 0x73:
        setItems([pop(), pop()].reverse());
        break; // SETITEM
      case 0x75:
        setItems(popToMark());
        break; // SETITEMS
      case 0x71:
        put(from.uint8());
        break; // BINPUT
      case 0x72:
        put(from.uint32());
        break; // LONG_BINPUT
      case 0x94:
        put(memo.size);
        break; // MEMOIZE
      case 0x68:
        stack.push(get(from.uint8()));
        break; // BINGET
      case 0x6a:
        stack.push(get(from.uint32()));
        break; // LONG_BINGET
      case 0x63: {
        // GLOBAL
        const module = from.line();
        stack.push(global(`${module}.${from.line()}`));
        break;
      }
      case 0x93:
        stack.push(global(names()));
        break; // STACK_GLOBAL
      case 0x52: {
        // REDUCE
        const args = pop();
        stack.push(call(pop(), args));
        break;
      }
      case 0x62:
        build();
        break; // BUILD
      case 0x51:
        stack.push(reader.persistent(pop()));
        break; // BINPERSID
      default:
        fail(
          `expected an opcode that a state dict needs, got 0x${opcode.toString(16).padStart(2, '0')}`,
          'save a plain state dict of tensors, or convert it to safetensors',
        );
    }
  }
}
