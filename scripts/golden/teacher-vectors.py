"""Vector files as NumPy writes them, for the readers and writers of @rag/data.

Writes packages/data/src/fixtures/teacher-vectors/: the same 5 x 3 values (seed 20, see `values`) as a headerless
memmap, as .npy of versions 1, 2 and 3 in float32 and float16, and as ragvec files that NumPy lays out by the
description in packages/data/src/ragvec.ts; expected.json names versions, seed, texts, their hashes and the values.

    python scripts/golden/teacher-vectors.py                 # writes the fixtures
    python scripts/golden/teacher-vectors.py --read FILE     # prints what NumPy reads from a ragvec or .npy file
"""

import argparse
import json
import pathlib
import platform

import numpy as np

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages" / "data" / "src" / "fixtures" / "teacher-vectors"
SEED = 20
TEXTS = ["What is late interaction?", "什么是向量检索？", " padded ", "naïve café 😀", "a\ttab\nand a line"]
MAGIC = b"\x89RAGVEC\n"


def values():
    # Multiples of 1/64 below 16: exact in float16 too.
    return (np.random.default_rng(SEED).integers(-1000, 1000, size=(len(TEXTS), 3)) / 64).astype("<f4")


def fnv1a(text):
    code = 0xCBF29CE484222325
    for byte in text.encode("utf-8"):
        code = ((code ^ byte) * 0x100000001B3) % 2**64
    return code


def block_rows(width, item):
    rows = 2**22 // (width * item)
    return 1 if rows < 1 else min(4096, 2 ** (rows.bit_length() - 1))


def write_ragvec(path, array, texts, per_block):
    rows, width = array.shape
    with open(path, "wb") as file:
        header = np.zeros(64, np.uint8)
        header[:8] = np.frombuffer(MAGIC, np.uint8)
        header[8:16] = np.array([1, array.itemsize], "<u4").view(np.uint8)
        header[16:24] = np.array([rows], "<u8").view(np.uint8)
        header[24:32] = np.array([width, per_block], "<u4").view(np.uint8)
        file.write(header.tobytes())
        for start in range(0, rows, per_block):
            file.write(np.array([fnv1a(text) for text in texts[start : start + per_block]], "<u8").tobytes())
            file.write(array[start : start + per_block].tobytes())


def read_ragvec(path):
    raw = np.fromfile(path, np.uint8)
    assert raw[:8].tobytes() == MAGIC, "no ragvec file"
    version, item = raw[8:16].view("<u4")
    rows = int(raw[16:24].view("<u8")[0])
    width, per_block = (int(size) for size in raw[24:32].view("<u4"))
    assert version == 1 and len(raw) == 64 + rows * (8 + width * int(item))
    hashes, vectors, at = [], [], 64
    for start in range(0, rows, per_block):
        count = min(per_block, rows - start)
        hashes.append(raw[at : at + 8 * count].view("<u8"))
        at += 8 * count
        size = count * width * int(item)
        vectors.append(raw[at : at + size].view(f"<f{item}").reshape(count, width))
        at += size
    return np.concatenate(hashes), np.concatenate(vectors)


def write_fixtures():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    array = values()
    half = array.astype("<f2")
    assert (half.astype("<f4") == array).all()
    memmap = np.memmap(FIXTURES / "headerless.memmap", dtype="float32", mode="w+", shape=array.shape)
    memmap[:] = array
    memmap.flush()
    for version in (1, 2, 3):
        for name, kind in (("f4", array), ("f2", half)):
            with open(FIXTURES / f"v{version}-{name}.npy", "wb") as file:
                np.lib.format.write_array(file, kind, version=(version, 0))
    write_ragvec(FIXTURES / "f4.ragvec", array, TEXTS, block_rows(3, 4))
    write_ragvec(FIXTURES / "f2-blocks-of-2.ragvec", half, TEXTS, 2)
    for name, kind in (("f8", array.astype("<f8")), ("big-endian", array.astype(">f4")), ("one-row", array[0])):
        np.save(FIXTURES / f"bad-{name}.npy", kind)
    np.save(FIXTURES / "bad-fortran.npy", np.asfortranarray(array))
    np.save(FIXTURES / "bad-fields.npy", np.zeros(2, [("a", "<f4"), ("b", "<f4")]))
    for name in ("f4", "f2-blocks-of-2"):
        hashes, vectors = read_ragvec(FIXTURES / f"{name}.ragvec")
        assert [int(code) for code in hashes] == [fnv1a(text) for text in TEXTS]
        assert (vectors.astype("<f4") == array).all()
    expected = {
        "script": "scripts/golden/teacher-vectors.py",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "seed": SEED,
        "texts": TEXTS,
        "hashes": [f"{fnv1a(text):016x}" for text in TEXTS],
        "values": array.tolist(),
    }
    text = json.dumps(expected, ensure_ascii=False, indent=1) + "\n"
    (FIXTURES / "expected.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--read", type=pathlib.Path)
    read = parser.parse_args().read
    if read is None:
        write_fixtures()
    elif read.suffix == ".npy":
        print(json.dumps(np.load(read).tolist()))
    else:
        codes, rows = read_ragvec(read)
        print(json.dumps({"hashes": [f"{int(code):016x}" for code in codes], "values": rows.astype(float).tolist()}))
