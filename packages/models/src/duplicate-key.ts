/**
 * The first key that an object of this JSON text holds twice, or undefined.
 * `JSON.parse` keeps the last of two equal keys without a word; safetensors forbids them.
 * @param json text that `JSON.parse` has already accepted.
 */
export function findDuplicateKey(json: string): string | undefined {
  // One entry per open bracket: the keys seen so far, or null inside an array.
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(null);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const start = i;
        for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++;
        const keys = open.at(-1);
        if (!keys || !isFollowedByColon(json, i + 1)) break;
        const key: string = JSON.parse(json.slice(start, i + 1));
        if (keys.has(key)) return key;
        keys.add(key);
      }
    }
  }
  return undefined;
}

function isFollowedByColon(json: string, at: number): boolean {
  let i = at;
  while (i < json.length && ' \t\r\n'.includes(json[i]!)) i++;
  return json[i] === ':';
}
