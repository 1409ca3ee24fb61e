"""Writes the tokenizer fixtures and the Unicode tables of packages/text from Python's `tokenizers`.

    python scripts/golden/text-tokenizers.py <directory with bert-base-chinese, bert-base-uncased, xlm-roberta-base>

Each vocabulary is cut to the pieces that can match a substring of the fixture's strings; normalizer,
pre-tokenizer, charsmap and scores stay, and the pieces under the cut and the full vocabulary are asserted equal.
"""

import json
import platform
import random
import sys
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer

SEED = 20261121
SOURCE = Path(sys.argv[1])
PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "text" / "src"
HEADER = {
    "script": "scripts/golden/text-tokenizers.py",
    "versions": {"tokenizers": tokenizers.__version__, "python": platform.python_version()},
    "seed": SEED,
}

HARD = [
    "", " ", "   ", "\n", "\t\r\n", "\u00a0", "\u3000",
    "hello world", "Hello, World!", "naïve café résumé", "NAÏVE CAFÉ", "ΑΣ ΣΑΣ ΟΔΟΣ.", "İstanbul ıI", "Straße ẞ",
    "中文分词", "今天天气不错,我们去公园玩吧。", "BERT模型用于检索排序(rerank)任务", "价格是¥99.5元/件", "第1章、绪论",
    "𠀀𠀁", "a𠀀b𪜀c", "㐀㐁 豈 丽", "日本語のテキスト カタカナ ｶﾀｶﾅ ｶﾞ", "한국어 문장 테스트", "각 ㅏ", "ไทยภาษา คำ aำ", "हिन्दी पाठ",
    "العربية نص ﷺ", "\u0600a \u0600", "עברית שָׁלוֹם", "Привет, мир! Ёлка", "Ελληνικά", "e\u0301 a\u0301\u0302 a\u0327\u0301 n\u0303", "\u0301a", "ﬁ ﬂ ½ ① ㎏ ™ …",
    "😀", "👨‍👩‍👧‍👦 family", "👍🏽👍🏻", "🇨🇳🇺🇸", "❤️ a🏻", "emoji😀in中😀文",
    "\x00a\x00", "a\x01b\x02c\x7fd\x9fe", "a\u200bb\u200cc\u200dd\u200ee\u2060f\ufeffg", "line1\r\nline2\rline3\n\nline4", "a\u0085b\u2028c\u2029d", "\ufffd x\ufffdy", "\ue000\uf8ff", "\u00ad soft\u00adhyphen",
    "▁ a▁b ▁▁c", "～ ~ ー — – - _", "!!! ... ??!! $$$ ^^ `` ++", "a.b,c;d:e'f\"g(h)i[j]k{l}m", "https://example.com/a?b=c&d=%E4#x", "user@mail.org #tag @me", "don't I'm we'll",
    "x" * 99, "x" * 100, "x" * 101, "ab" * 60, "1234567890 3.14159 1,000,000 ٣٤ ௧ Ⅷ ²", "C++ C# .NET",
    "[CLS] inside [SEP] text [MASK]", "[PAD][UNK]", "[cls] [Sep]", "<s> in </s> text <mask>", "  <mask> lead<mask>", "<pad><unk> <unk>",
    "qwertyzxcv ĦŁØÞ ŋ ʃ ꙮ ⴰ 𝔘𝔫𝔦 𝟘𝟙", "\U0001f1e6\U00013000\U0001d11e", "\U000e0001\U000e0041", "ａｂｃ１２３！？", "ẛ̣ Å Ω",
    "Tokenization is the unbelievableness of antidisestablishmentarianism",
    "混合mixedテキストtext한국어123abc！!。.",
]

PAIRS = [
    ("hello", ""), ("", "world"), ("", ""), ("今天天气", "今天天气不错,我们去公园玩吧。"), ("what is BERT?", "BERT模型用于检索排序(rerank)任务"),
    ("naïve 𠀀𠀁", "😀 emoji"), ("[SEP]", "<s> </s>"), (" ", "\n"),
]

LONG = [
    {"unit": "今天天气不错,我们去公园玩吧。", "length": 10000},
    {"unit": "Hello, World! naïve café ", "length": 10000},
    {"unit": "x", "length": 10000},
    {"unit": "𠀀😀中a ", "length": 10000},
    {"unit": "\x01\u200b", "length": 10000},
    {"unit": "ab中", "length": 10000},
]

ALPHABETS = [
    "abcdefgh ABC .,!?", "的一是不了人我在有他这中大来上国", " \t\n\r\u00a0\u3000\u200b", "áéíñçüÀÉ\u0301\u0327", "0123456789.,-",
    "𠀀𠀁𪜀", "😀👍🏽\u200d❤\ufe0f", "あいうカキクｶﾞ", "가나다가", "\x00\x01\x7f\ufffd\u0085",
]

# Assigned long before any Unicode version in use, so that an engine's own tables agree.
BLOCKS = [
    (0x0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x6FF), (0x900, 0x97F), (0xE00, 0xE5B), (0x1100, 0x11FF),
    (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2100, 0x218B), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x3200, 0x33FF), (0x3400, 0x34FF), (0x4E00, 0x4EFF),
    (0xA000, 0xA0FF), (0xAC00, 0xADFF), (0xE000, 0xE0FF), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFFFD), (0x1D400, 0x1D7FF), (0x1F300, 0x1F5FF),
    (0x20000, 0x200FF), (0x2F800, 0x2FA1D), (0xE0000, 0xE01EF), (0x10FF00, 0x10FFFF),
]


def fnv1a(numbers):
    """FNV-1a, 32 bits, over the numbers as little-endian u32."""
    h = 0x811C9DC5
    for n in numbers:
        for shift in (0, 8, 16, 24):
            h = ((h ^ ((n >> shift) & 255)) * 0x01000193) & 0xFFFFFFFF
    return h


def cycle(rule):
    return (rule["unit"] * (rule["length"] // len(rule["unit"]) + 1))[: rule["length"]]


def random_strings(rng, count):
    out = []
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 4)):
            alphabet = rng.choice(ALPHABETS)
            parts.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 8))))
        out.append("".join(parts))
    return out


def opened(spec):
    t = Tokenizer.from_str(json.dumps(spec))
    t.no_truncation()
    t.no_padding()
    return t


def words_of(tokenizer, texts):
    words = set()
    for text in texts:
        normalized = tokenizer.normalizer.normalize_str(text)
        words.update(w for w, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized))
        # An added token cuts the text, so that later parts begin words too.
        for token in tokenizer.get_added_tokens_decoder().values():
            for part in text.split(token.content):
                words.update(w for w, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(part)))
    return words


def cut_word_piece(spec, words):
    vocab = spec["model"]["vocab"]
    keep = {t["content"] for t in spec["added_tokens"]}
    for word in words:
        if len(word) > 100:
            continue
        for i in range(len(word)):
            for j in range(i + 1, len(word) + 1):
                piece = ("##" if i else "") + word[i:j]
                if piece in vocab:
                    keep.add(piece)
    kept = sorted(keep, key=vocab.get)
    spec["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    return {vocab[piece]: i for i, piece in enumerate(kept)}


def cut_unigram(spec, words):
    vocab = spec["model"]["vocab"]
    ids = {piece: i for i, (piece, _) in enumerate(vocab)}
    longest = max(len(piece) for piece in ids)
    keep = {t["id"] for t in spec["added_tokens"]} | {min(range(len(vocab)), key=lambda i: vocab[i][1])}
    for word in words:
        for i in range(len(word)):
            for j in range(i + 1, min(len(word), i + longest) + 1):
                found = ids.get(word[i:j])
                if found is not None:
                    keep.add(found)
    kept = sorted(keep)
    assert kept.index(spec["model"]["unk_id"]) == spec["model"]["unk_id"]
    spec["model"]["vocab"] = [vocab[i] for i in kept]
    return {old: new for new, old in enumerate(kept)}


def fixture(name, texts):
    spec = json.loads((SOURCE / name / "tokenizer.json").read_text(encoding="utf-8"))
    full = opened(spec)
    everything = texts + [t for pair in PAIRS for t in pair] + [cycle(rule) for rule in LONG]
    words = words_of(full, everything)
    new_id = (cut_unigram if isinstance(spec["model"]["vocab"], list) else cut_word_piece)(spec, words)
    for token in spec["added_tokens"]:
        token["id"] = new_id[token["id"]]
    for token in spec["post_processor"]["special_tokens"].values():
        token["ids"] = [new_id[i] for i in token["ids"]]
    if spec["padding"]:
        spec["padding"]["pad_id"] = new_id[spec["padding"]["pad_id"]]
    cut = opened(spec)

    def row(text, pair=None):
        a, b = cut.encode(text, pair), full.encode(text, pair)
        assert a.tokens == b.tokens and a.type_ids == b.type_ids, (name, text, pair)
        assert [new_id[i] for i in b.ids] == a.ids, (name, text, pair)
        return a

    normalizer = cut.normalizer
    blocks = []
    for first, last in BLOCKS:
        points = [ord(c) for cp in range(first, last + 1) for c in normalizer.normalize_str("a" + chr(cp) + "b")]
        blocks.append({"first": first, "last": last, "hash": fnv1a(points)})
    out = {
        "header": {**HEADER, "source": name, "cut": f"{len(new_id)} of {len(full.get_vocab())} pieces"},
        "single": [[text, row(text).ids] for text in texts],
        "pair": [[a, b, row(a, b).ids, row(a, b).type_ids] for a, b in PAIRS],
        "long": [{**rule, "tokens": len(row(cycle(rule)).ids), "hash": fnv1a(row(cycle(rule)).ids)} for rule in LONG],
        "normalized": blocks,
        "tokenizer": spec,
    }
    body = ",\n".join(f"{json.dumps(key)}: {rows(value)}" for key, value in out.items())
    path = PACKAGE / "fixtures" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("{\n" + body + "\n}\n", encoding="utf-8", newline="\n")
    print(path.name, path.stat().st_size, out["header"]["cut"])


def rows(value):
    if isinstance(value, list):
        return "[\n" + ",\n".join(json.dumps(v) for v in value) + "\n]"
    return json.dumps(value)


def ranges(points):
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in out)


def unicode_tables():
    """Observes the library's character classes over all code points."""
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    clean = tokenizers.normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    accents = tokenizers.normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    words = tokenizers.pre_tokenizers.BertPreTokenizer()
    tables = {
        "OTHER": ("removed by BertNormalizer.clean_text", [c for c in points if clean.normalize_str("a" + chr(c) + "b") == "ab"]),
        "NONSPACING_MARK": ("removed by BertNormalizer.strip_accents", [c for c in points if accents.normalize_str(chr(c)) == ""]),
        "PUNCTUATION": ("a word of its own for BertPreTokenizer", [c for c in points if len(words.pre_tokenize_str("a" + chr(c) + "b")) == 3]),
    }
    lines = [f"// Written by {HEADER['script']} with tokenizers {tokenizers.__version__}: hexadecimal code points and ranges.\n"]
    for name, (meaning, members) in tables.items():
        lines.append(f"\n/** Code points {meaning}. */\nexport const {name} =\n  '{ranges(members)}';\n")
    path = PACKAGE / "generated" / "unicode-ranges.ts"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    print(path.name, path.stat().st_size)


unicode_tables()
strings = HARD + random_strings(random.Random(SEED), 60)
for source in ["bert-base-chinese", "bert-base-uncased", "xlm-roberta-base"]:
    fixture(source, strings)
