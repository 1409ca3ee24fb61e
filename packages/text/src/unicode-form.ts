/**
 * Characters younger than the normalization tables of Rust's `tokenizers` (its unicode-normalization fork knows
 * about Unicode 12) that have a decomposition or a combining class by now: it treats them as unassigned.
 * Found by comparing both over all code points; scripts/tokenizer-parity.ts checks the result.
 */
const UNKNOWN =
  '7fd 897-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1add 1ae0-1aeb 1df6-1dfa 32ff a7f1-a7f4 a82c ab69 105c9 105d2 105da 105e4 ' +
  '10781-10785 10787-107b0 107b2-107ba 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10efb 10efd-10eff 10f46-10f50 10f82-10f85 11070 ' +
  '1133b 11383 11385 1138e 11391 113b8 113bb 113c2 113c5 113c7-113c9 113ce-113d0 1145e 11839-1183a 11930 11938 1193d-1193e 11943 ' +
  '119e0 11a34 11a47 11a99 11d42 11d44-11d45 11d97 11f41-11f42 1611e-16129 1612f 16d67-16d6a 16ff0-16ff1 1ccd6-1ccf9 1e030-1e06d ' +
  '1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5 1f16c 1fbf0-1fbf9';

const KNOWN = new RegExp(`[^${classBody(UNKNOWN)}]+`, 'gu');

/** Unicode normalization as Rust's `tokenizers` does it, whatever the JavaScript engine's Unicode version. */
export function unicodeForm(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  return text.replace(KNOWN, (known) => known.normalize(form));
}

/** `"41-5a 5f"` (hexadecimal code points and ranges) as the body of a regular-expression class (flag `u`). */
export function classBody(ranges: string): string {
  return ranges
    .split(' ')
    .map((range) =>
      range
        .split('-')
        .map((hex) => `\\u{${hex}}`)
        .join('-'),
    )
    .join('');
}
