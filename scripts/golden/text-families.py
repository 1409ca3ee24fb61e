"""Writes packages/text/src/fixtures/families: small self-trained tokenizers of the families whose real files are not at hand.

    python scripts/golden/text-families.py

The trainers break ties by chance, so that a second run gives other vocabularies. Each is made of the components that transformers' class or converter of the family gives it, with a vocabulary trained on
example_data; ids are those of Python's `tokenizers`. A charsmap is XLM-R's, which the fixture xlm-roberta-base.json holds.
"""

import base64
import json
import platform
import random
from pathlib import Path

import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import GemmaTokenizer, LlamaTokenizer, MPNetTokenizer, Qwen2Tokenizer, RobertaTokenizer
from transformers import AlbertTokenizer, DebertaV2Tokenizer, T5Tokenizer

SEED = 20261121
ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "packages" / "text" / "src" / "fixtures"
HEADER = {
    "script": "scripts/golden/text-families.py",
    "versions": {
        "tokenizers": tokenizers.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    },
    "seed": SEED,
}
XLMR = json.loads((FIXTURES / "xlm-roberta-base.json").read_text(encoding="utf-8"))["tokenizer"]["normalizer"]
CHARSMAP = next(n for n in XLMR.get("normalizers", [XLMR]) if n["type"] == "Precompiled")["precompiled_charsmap"]

HARD = [
    "", " ", "   ", "\n", "\n\n\n", "\t\r\n", "\r\n\r\n x", "\u00a0", "\u3000", "\u2003a\u2003", "\u0085", "\ufeff", "\ufeffa\ufeff b",
    "hello world", " hello world", "  hello  world  ", "Hello, World!", "hello\nworld", "hello \n world", "hello\n\n  world\t\tx ", "a  b   c    d", "trailing ", "trailing   ",
    "don't I'm we'll they've you'd it's I're", "DON'T I'M WE'LL", "'s 't x's'", "a'\u017f b'\u212a \u017ft \u212am", "''quoted`` ``x''",
    "naïve café résumé", "NAÏVE CAFÉ", "ΑΣ ΣΑΣ ΟΔΟΣ.", "İstanbul ıI", "Straße ẞ", "e\u0301 a\u0302\u0301 n\u0303 \u0301a", "ẛ̣ Å Ω ﬁ ﬂ ½ ① ㎏ ™ …", "ａｂｃ１２３！？",
    "中文分词", "今天天气不错,我们去公园玩吧。", "BERT模型用于检索排序(rerank)任务", "价格是¥99.5元/件", "第1章、绪论", "重排序模型给查询和段落打分。", "中 文 空 格",
    "𠀀𠀁", "a𠀀b𪜀c", "㐀㐁 豈 丽", "日本語のテキスト カタカナ ｶﾀｶﾅ ｶﾞ", "한국어 문장 테스트", "각 ㅏ", "ไทยภาษา คำ aำ", "हिन्दी पाठ क्षि", "தமிழ் நூல்",
    "العربية نص ﷺ", "\u0600a \u0600", "עברית שָׁלוֹם", "שלום hello עולם", "Привет, мир! Ёлка", "Ελληνικά",
    "😀", "👨‍👩‍👧‍👦 family", "👍🏽👍🏻", "🇨🇳🇺🇸", "❤️ a🏻", "emoji😀in中😀文", "🏴\U000e0067\U000e0062\U000e007f",
    "\x00a\x00", "\x00", "a\x01b\x02c\x7fd\x9fe", "a\u200bb\u200cc\u200dd\u200ee\u2060f", "line1\r\nline2\rline3\n\nline4", "a\u0085b\u2028c\u2029d", "\ufffd x\ufffdy", "\ue000\uf8ff", "\u00ad soft\u00adhyphen",
    "▁ a▁b ▁▁c", "▁", "▁▁▁", " ▁ ▁ ", "～ ~ ー — – - _", "!!! ... ??!! $$$ ^^ `` ++", "a.b,c;d:e'f\"g(h)i[j]k{l}m", "https://example.com/a?b=c&d=%E4#x", "user@mail.org #tag @me",
    "1234567890 3.14159 1,000,000 ٣٤ ௧ Ⅷ ²", "12 123 1234 12345", "１２３４", "x1y22z333", "C++ C# .NET", "def f(x):\n    return x + 1\n\n\n", "\tif (a) {\n\t\tb();\n\t}",
    "x" * 200, "ab" * 120, "中" * 150, " " * 70, "\n" * 40, "!" * 90, "a b " * 40, "é" * 130, "😀" * 40,
    "[CLS] inside [SEP] text [MASK]", "[PAD][UNK]", "[cls] [Sep]", "<s> in </s> text <mask>", "  <mask> lead<mask>", "x  <mask>  y", "<pad><unk> <unk>", "</s></s>", "a</s>b", "a </s> b", "<s>a", "<|endoftext|>", "a<|endoftext|> b", "<|im_start|>user\nhi<|im_end|>\n",
    "<bos>a<eos>", "<|begin_of_text|>x<|eot_id|>", "<|end", "|||IP_ADDRESS|||", "a|||IP_ADDRESS|||b", "<extra_id_0> a <extra_id_1>", "<0x41><0x00>", "<start_of_turn>user\na<end_of_turn>",
    "\ua7cb \U00010d40 \U0001c8d0 \U0001fae9 \u0897 \U000116d0", "\U00010940 \ua7d2 \u0c5c", "a\ua7d2b \U00010940c1\U00011de0!\u088f\u1acfx", "ab\u0c5cc d\ufeffe\u0085\u0085f  \u0085 g", "𝔘𝔫𝔦 𝟘𝟙", "\U0001f1e6\U00013000\U0001d11e", "\U000e0001\U000e0041", "ⴰ ꙮ ŋ ʃ ĦŁØÞ",
    "Tokenization is the unbelievableness of antidisestablishmentarianism", "混合mixedテキストtext한국어123abc！!。.",
    "TOKEN token ToKeN wordword word wordy word.", "tokword tok", " lead lead  lead", "trail  trail\n x",
]

PAIRS = [
    ("hello", ""), ("", "world"), ("", ""), ("今天天气", "今天天气不错,我们去公园玩吧。"), ("what is BERT?", " BERT模型用于检索排序(rerank)任务"),
    ("naïve 𠀀𠀁", "😀 emoji"), ("[SEP]", "<s> </s>"), (" ", "\n"),
]

ALPHABETS = [
    "abcdefgh ABC .,!?'", "的一是不了人我在有他这中大来上国", " \t\n\r\u00a0\u3000\u200b▁", "áéíñçüÀÉ\u0301\u0327", "0123456789.,-٣", "𠀀𠀁𪜀", "😀👍🏽\u200d❤\ufe0f",
    "あいうカキクｶﾞ", "가나다가", "\x00\x01\x7f\ufffd\u0085\ufeff", "שלוםعرب", "'stremvld", ["<s>", "</s>", "<mask>", "[MASK]", "<|endoftext|>", " ", "a", "<pad>", "\n"], "  ab",
]


def random_strings(rng, count):
    out = []
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 5)):
            alphabet = rng.choice(ALPHABETS)
            parts.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 8))))
        out.append("".join(parts))
    return out


def fnv1a(numbers):
    """FNV-1a, 32 bits, over the numbers as little-endian u32."""
    h = 0x811C9DC5
    for n in numbers:
        for shift in (0, 8, 16, 24):
            h = ((h ^ ((n >> shift) & 255)) * 0x01000193) & 0xFFFFFFFF
    return h


def corpus():
    texts = []

    def strings(value):
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, list):
            for item in value:
                strings(item)
        elif isinstance(value, dict):
            for item in value.values():
                strings(item)

    for name in ["reranker.dev.jsonl", "pair.jsonl", "texts.jsonl"]:
        for line in (ROOT / "example_data" / name).read_text(encoding="utf-8").splitlines()[:400]:
            strings(json.loads(line))
    return texts


CORPUS = corpus()
ALPHABET = pre_tokenizers.ByteLevel.alphabet()
BYTES = [f"<0x{b:02X}>" for b in range(256)]


def byte_level_bpe(size, specials):
    """Vocabulary and merges of a byte-level BPE."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, initial_alphabet=ALPHABET, special_tokens=specials, show_progress=False))
    return read_bpe(t)


def spaced_bpe(size, specials):
    """Vocabulary and merges of a BPE over ▁, with byte pieces, as SentencePiece's."""
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.Replace(" ", "▁")
    t.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(vocab_size=size, limit_alphabet=160, special_tokens=specials + BYTES, show_progress=False)
    t.train_from_iterator(CORPUS, trainer)
    return read_bpe(t)


def read_bpe(t):
    model = json.loads(t.to_str())["model"]
    return model["vocab"], [tuple(m) for m in model["merges"]]


def unigram(size, specials, unk):
    """Pieces and scores of a Unigram model over ▁, in the order specials, pieces."""
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Precompiled(base64.b64decode(CHARSMAP))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(vocab_size=size, unk_token=unk, special_tokens=specials, show_progress=False)
    t.train_from_iterator(common_characters(160), trainer)
    vocab = json.loads(t.to_str())["model"]["vocab"]
    return [(piece, round(score, 4)) for piece, score in vocab]


def common_characters(count):
    """The corpus without characters that are rare in it: a Unigram trainer makes each a piece."""
    counts = {}
    for text in CORPUS:
        for char in text:
            counts[char] = counts.get(char, 0) + 1
    common = set(sorted(counts, key=lambda c: (-counts[c], c))[:count])
    return ["".join(c for c in text if c in common) for text in CORPUS]


def word_piece(size, specials):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=size, limit_alphabet=200, special_tokens=specials, show_progress=False))
    return json.loads(t.to_str())["model"]["vocab"]


def special(*contents, **flags):
    return [AddedToken(c, special=True, normalized=False, **flags) for c in contents]


def bos_template(bos, bos_id):
    return processors.TemplateProcessing(single=f"{bos}:0 $A:0", pair=f"{bos}:0 $A:0 {bos}:1 $B:1", special_tokens=[(bos, bos_id)])


def charsmap():
    return base64.b64decode(CHARSMAP)


CLS_TEMPLATE = dict(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1")
GPT2_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def roberta(add_prefix_space=False):
    vocab, merges = byte_level_bpe(620, GPT2_SPECIALS)
    return RobertaTokenizer(vocab=vocab, merges=merges, add_prefix_space=add_prefix_space, mask_token=AddedToken("<mask>", lstrip=True, special=True, normalized=False))._tokenizer


def qwen2():
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocab, merges = byte_level_bpe(600, [])
    t = Qwen2Tokenizer(vocab=vocab, merges=merges)._tokenizer
    t.add_special_tokens(special(*specials))
    t.add_tokens([AddedToken("<tool_call>", normalized=False)])
    t.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    return t


def llama2():
    """The files on the hub: transformers' LlamaConverter with legacy."""
    vocab, merges = spaced_bpe(900, ["<unk>", "<s>", "</s>"])
    t = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.add_special_tokens(special("<unk>", "<s>", "</s>"))
    t.post_processor = bos_template("<s>", 1)
    return t


def llama2_metaspace():
    """legacy=False, and the class of transformers 5."""
    vocab, merges = spaced_bpe(900, ["<unk>", "<s>", "</s>"])
    t = LlamaTokenizer(vocab=vocab, merges=merges, add_bos_token=True)._tokenizer
    t.add_special_tokens(special("<unk>", "<s>", "</s>"))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return t


def llama2_no_bytes():
    """A vocabulary without byte pieces: unknown characters are fused."""
    vocab, merges = spaced_bpe(900, ["<unk>", "<s>", "</s>"])
    kept = {piece: i for i, piece in enumerate(p for p in vocab if p not in BYTES)}
    t = Tokenizer(models.BPE(kept, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    t.add_special_tokens(special("<unk>", "<s>", "</s>"))
    return t


def llama3():
    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    vocab, merges = byte_level_bpe(600, [])
    # Words that merges do not reach, which ignore_merges takes whole.
    for word in ["Ġworld", "hello", "Ġunbelievableness", "xxxx"]:
        vocab.setdefault(word, len(vocab))
    t = Tokenizer(models.BPE(vocab, merges, ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    t.add_special_tokens(special("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"))
    bos = t.token_to_id("<|begin_of_text|>")
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), bos_template("<|begin_of_text|>", bos)])
    return t


def modernbert():
    vocab, merges = byte_level_bpe(600, [])
    t = Tokenizer(models.BPE(vocab, merges))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    t.add_tokens([AddedToken("|||IP_ADDRESS|||", normalized=True), AddedToken("<|padding|>", special=True, normalized=False)])
    t.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
    t.add_special_tokens(special("<|endoftext|>", "[UNK]", "[CLS]", "[SEP]", "[PAD]") + special("[MASK]", lstrip=True))
    ids = [(s, t.token_to_id(s)) for s in ["[CLS]", "[SEP]"]]
    t.post_processor = processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:0 [SEP]:0", special_tokens=ids)
    return t


def mpnet():
    vocab = word_piece(520, ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])
    return MPNetTokenizer(vocab=vocab)._tokenizer


ALBERT_SPECIALS = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]


def albert():
    """The files on the hub: transformers' AlbertConverter."""
    vocab = unigram(520, ALBERT_SPECIALS, "<unk>")
    t = Tokenizer(models.Unigram(vocab, unk_id=1, byte_fallback=False))
    t.normalizer = normalizers.Sequence([
        normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
        normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " "),
    ])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    t.add_special_tokens(special("<pad>", "<unk>", "[CLS]", "[SEP]") + [AddedToken("[MASK]", lstrip=True, normalized=False, special=True)])
    t.post_processor = processors.TemplateProcessing(**CLS_TEMPLATE, special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return t


def albert5():
    vocab = unigram(520, ALBERT_SPECIALS, "<unk>")
    return AlbertTokenizer(vocab=vocab, _spm_precompiled_charsmap=charsmap())._tokenizer


def t5():
    """The files on the hub: transformers' T5Converter."""
    vocab = unigram(500, ["<pad>", "</s>", "<unk>"], "<unk>") + [(f"<extra_id_{i}>", 0.0) for i in range(3, -1, -1)]
    t = Tokenizer(models.Unigram(vocab, unk_id=2, byte_fallback=False))
    t.normalizer = normalizers.Sequence([
        normalizers.Precompiled(charsmap()), normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁"),
    ])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    t.add_special_tokens(special("<pad>", "</s>", "<unk>", *[f"<extra_id_{i}>" for i in range(4)]))
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return t


def t5_class():
    vocab = unigram(500, ["<pad>", "</s>", "<unk>"], "<unk>") + [(f"<extra_id_{i}>", 0.0) for i in range(3, -1, -1)]
    return T5Tokenizer(vocab=vocab, extra_ids=4, _spm_precompiled_charsmap=charsmap())._tokenizer


DEBERTA_SPECIALS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]


def deberta_v3():
    """The files on the hub: transformers' DebertaV2Converter."""
    vocab = unigram(520, DEBERTA_SPECIALS, "[UNK]")
    t = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    t.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="always")])
    t.add_special_tokens(special("[PAD]", "[CLS]", "[SEP]") + [AddedToken("[UNK]", normalized=True, special=True)] + special("[MASK]"))
    t.post_processor = processors.TemplateProcessing(**CLS_TEMPLATE, special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return t


def deberta_v2_punctuation():
    vocab = unigram(520, DEBERTA_SPECIALS, "[UNK]")
    return DebertaV2Tokenizer(vocab=vocab, unk_id=3, do_lower_case=True, split_by_punct=True)._tokenizer


def gemma():
    vocab, merges = spaced_bpe(900, ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"])
    t = GemmaTokenizer(vocab=vocab, merges=merges)._tokenizer
    t.add_special_tokens(special("<start_of_turn>", "<end_of_turn>"))
    t.add_tokens([AddedToken("\n" * n, normalized=False) for n in (2, 3)])
    t.post_processor = bos_template("<bos>", 2)
    return t


def added_tokens():
    """Every flag of an added token, over BERT's components."""
    vocab = word_piece(300, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    t = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.add_special_tokens(special("[PAD]", "[UNK]", "[CLS]", "[SEP]") + special("[MASK]", lstrip=True))
    t.add_tokens([
        AddedToken("word", single_word=True), AddedToken("TOK", normalized=True), AddedToken("ToKeN", normalized=False), AddedToken("tokword", normalized=True),
        AddedToken("lead", lstrip=True, normalized=False), AddedToken("trail", rstrip=True), AddedToken("naïve", normalized=True, single_word=True),
        AddedToken("中", lstrip=True, rstrip=True, normalized=False), AddedToken("😀", single_word=True, normalized=False), AddedToken("ab", normalized=False), AddedToken("aba", normalized=True),
    ])
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return t


def word_level():
    pre = pre_tokenizers.Whitespace()
    counts = {}
    for text in CORPUS:
        for word, _ in pre.pre_tokenize_str(text):
            counts[word] = counts.get(word, 0) + 1
    words = ["[UNK]"] + sorted(counts, key=lambda w: (-counts[w], w))[:200] + ["hello", "world", "naïve", "!!!"]
    t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(dict.fromkeys(words))}, unk_token="[UNK]"))
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    t.pre_tokenizer = pre
    return t


def character_bpe():
    """openai-gpt and CLIP: a suffix ends a word, and unknown characters are not fused."""
    t = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=600, limit_alphabet=120, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))
    return t


def prefixed_bpe():
    """A prefix continues a word."""
    t = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##", fuse_unk=True))
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=700, limit_alphabet=120, special_tokens=["[UNK]"], continuing_subword_prefix="##", show_progress=False))
    return t


FAMILIES = {
    "roberta": roberta, "roberta-prefix-space": lambda: roberta(True), "qwen2": qwen2, "llama-2": llama2, "llama-2-metaspace": llama2_metaspace,
    "llama-2-no-bytes": llama2_no_bytes, "llama-3": llama3, "modernbert": modernbert, "mpnet": mpnet, "albert": albert, "albert-5": albert5, "t5": t5, "t5-5": t5_class,
    "deberta-v3": deberta_v3, "deberta-v2-punctuation": deberta_v2_punctuation, "gemma": gemma, "added-tokens": added_tokens, "word-level": word_level, "character-bpe": character_bpe, "prefixed-bpe": prefixed_bpe,
}


COMPONENT_STRINGS = [
    " a  b▁c ", "hello  world\n x", "--a1b22c-", "!!a,b--c. (d)", "a12٣b Ⅷ²x", "naïve_1 a-b!!é\u200dx\u0085y", "中文，分词。a", "▁▁a ▁", "e\u0301É ﬁ①\u200b\ufeffÄ", "\x01\x7f\t\u2028\ufffdz",
    "Σας ΑΣ İI", "😀👍🏽a\u200d", "it's  we'll\u00a0x", "x",
]


def components():
    """Normalizers and pre-tokenizers by themselves."""
    N, P = normalizers, pre_tokenizers
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    made_normalizers = [
        N.BertNormalizer(clean_text=c, handle_chinese_chars=h, strip_accents=a, lowercase=l)
        for c, h, a, l in [(True, True, None, True), (False, True, None, True), (True, False, True, False), (True, True, False, True), (False, False, None, False)]
    ] + [
        N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Nmt(), N.ByteLevel(), N.Lowercase(), N.StripAccents(), N.Strip(), N.Strip(left=False), N.Strip(right=False), N.Prepend("▁"),
        N.Replace("a", "bb"), N.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), N.Replace(Regex(r"\w"), "w"), N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()]), N.Precompiled(charsmap()),
    ]
    made_pre_tokenizers = [
        *[P.Split(Regex(r"\d+|-"), b, invert) for b in behaviors for invert in (False, True)], *[P.Punctuation(b) for b in behaviors],
        *[P.Metaspace(prepend_scheme=p, split=s) for p in ("always", "never", "first") for s in (True, False)], P.Metaspace(replacement="_"),
        P.Digits(True), P.Digits(False), P.Whitespace(), P.WhitespaceSplit(), P.BertPreTokenizer(), P.CharDelimiterSplit("a"), P.FixedLength(3), P.Split(" ", "merged_with_previous"),
        *[P.ByteLevel(add_prefix_space=a, use_regex=r) for a in (True, False) for r in (True, False)],
        P.Sequence([P.WhitespaceSplit(), P.Metaspace(prepend_scheme="first")]), P.Sequence([P.Punctuation(), P.Metaspace(prepend_scheme="first")]), P.Sequence([P.Digits(True), P.ByteLevel(add_prefix_space=True)]),
    ]
    shell = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))

    def entry(key, part):
        setattr(shell, key, part)
        config = json.loads(shell.to_str())[key]
        setattr(shell, key, None)
        return compact({"model": {}, "normalizer": config})["normalizer"]

    return {
        "header": HEADER,
        "strings": COMPONENT_STRINGS,
        "normalizers": [[entry("normalizer", n), [n.normalize_str(s) for s in COMPONENT_STRINGS]] for n in made_normalizers],
        "pre_tokenizers": [[entry("pre_tokenizer", p), [[w for w, _ in p.pre_tokenize_str(s)] for s in COMPONENT_STRINGS]] for p in made_pre_tokenizers],
    }


def compact(spec):
    """The tokenizer.json of the fixture: merges as text, XLM-R's charsmap by its name, no decoder."""
    spec["decoder"] = None
    model = spec["model"]
    if "merges" in model:
        model["merges"] = [" ".join(m) for m in model["merges"]]

    def visit(value):
        if isinstance(value, dict):
            return {k: "xlm-roberta-base" if k == "precompiled_charsmap" else visit(v) for k, v in value.items()}
        return [visit(v) for v in value] if isinstance(value, list) else value

    spec["normalizer"] = visit(spec["normalizer"])
    return spec


def write(name, value):
    path = FIXTURES / (f"{name}.json" if name == "components" else f"families/{name}.json")
    path.parent.mkdir(exist_ok=True)
    body = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=k != 'header', separators=(',', ':'))}" for k, v in value.items())
    path.write_text("{\n" + body + "\n}\n", encoding="utf-8", newline="\n")
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    strings = HARD + random_strings(random.Random(SEED), 240)
    write("components", components())
    write("strings", {"header": HEADER, "hard": len(HARD), "strings": strings, "pairs": PAIRS})
    for name, make in FAMILIES.items():
        t = make()
        t.no_truncation()
        t.no_padding()
        ids = [t.encode(text).ids for text in strings]
        assert [t.encode(text).ids for text in strings] == ids
        pairs = [t.encode(a, b) for a, b in PAIRS]
        write(name, {
            "header": {**HEADER, "made": (make.__doc__ or "").strip() or None},
            "hard": [" ".join(map(str, row)) for row in ids[: len(HARD)]],
            "random": " ".join(f"{fnv1a(row):x}" for row in ids[len(HARD) :]),
            "pairs": [[" ".join(map(str, e.ids)), "".join(map(str, e.type_ids))] for e in pairs],
            "tokenizer": compact(json.loads(t.to_str())),
        })
