/**
 * How deep the arrays and objects of a JSON text are nested; 0 for a text without any.
 * `JSON.parse` takes any depth, but what walks the value afterwards (`JSON.stringify`, say) overflows the stack.
 * @param json any text; brackets inside strings do not count.
 */
export function jsonDepth(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case '{':
      case '[':
        deepest = Math.max(deepest, ++depth);
        break;
      case '}':
      case ']':
        depth--;
        break;
      case '"':
        for (i++; i < json.length && json[i] !== '"'; i++) if (json[i] === '\\') i++;
    }
  }
  return deepest;
}
