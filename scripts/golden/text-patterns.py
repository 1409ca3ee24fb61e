"""Writes packages/text/src/generated/pattern-ranges.ts: the character classes of patterns, observed over all code points.

    python scripts/golden/text-patterns.py

Python's `tokenizers` runs patterns on Oniguruma and Rust's regex crate, which know other Unicode versions than the JavaScript
engine does.
"""

from pathlib import Path

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

PATH = Path(__file__).resolve().parents[2] / "packages" / "text" / "src" / "generated" / "pattern-ranges.ts"
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
TEXT = "".join(map(chr, POINTS))


def matched(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    kept = {c for word, _ in split.pre_tokenize_str(TEXT) for c in word}
    return [c for c in POINTS if chr(c) not in kept]


def word_characters():
    words = pre_tokenizers.Whitespace()
    return [c for c in POINTS if len(words.pre_tokenize_str("a" + chr(c))) == 1 and words.pre_tokenize_str("a" + chr(c))[0][1] == (0, 2)]


def accents():
    strip = normalizers.StripAccents()
    return [c for c in POINTS if strip.normalize_str("a" + chr(c) + "b") == "ab"]


def ranges(points):
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in out)


TABLES = {
    "LETTER": ("of \\\\p{L} in a pattern", matched(r"\p{L}")),
    "NUMBER": ("of \\\\p{N} in a pattern", matched(r"\p{N}")),
    "MARK": ("of \\\\p{M} in a pattern", matched(r"\p{M}")),
    "PATTERN_PUNCTUATION": ("of \\\\p{P} in a pattern", matched(r"\p{P}")),
    "SYMBOL": ("of \\\\p{S} in a pattern", matched(r"\p{S}")),
    "WORD": ("of \\\\w in the Whitespace pre-tokenizer and beside added tokens", word_characters()),
    "ACCENT": ("removed by StripAccents", accents()),
}

lines = [f"// Written by scripts/golden/text-patterns.py with tokenizers {tokenizers.__version__}: hexadecimal code points and ranges.\n"]
for name, (meaning, members) in TABLES.items():
    meaning = meaning.replace("\\\\", "\\")
    lines.append(f"\n/** Code points {meaning}. */\nexport const {name} =\n  '{ranges(members)}';\n")
PATH.write_text("".join(lines), encoding="utf-8", newline="\n")
print(PATH.name, PATH.stat().st_size, {name: len(members) for name, (_, members) in TABLES.items()})
