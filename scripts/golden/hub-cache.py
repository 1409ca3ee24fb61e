"""Python's side of hub-cache.ts, which runs it: huggingface_hub 1.33.0, transformers 5.18.0, sentence-transformers 6.0.1."""

import os
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

from huggingface_hub import HfApi, hf_hub_download, scan_cache_dir, snapshot_download, try_to_load_from_cache

step, repo, ours, theirs, fixture = sys.argv[1:]


def layout(cache: str) -> dict[str, str]:
    """Every file and link of the model by its path; links by where they lead."""
    folder = Path(cache) / ("models--" + repo.replace("/", "--"))
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes().hex()
    return found


def ours_files() -> list[str]:
    snapshots = Path(ours) / ("models--" + repo.replace("/", "--")) / "snapshots"
    (snapshot,) = snapshots.iterdir()
    return [path.relative_to(snapshot).as_posix() for path in sorted(snapshot.rglob("*")) if not path.is_dir()]


if step == "fetch":
    for revision in ["main", "v1", "refs/pr/1"]:
        for path in ours_files():
            hf_hub_download(repo, path, revision=revision, cache_dir=theirs)
    a, b = layout(ours), layout(theirs)
    assert a == b, (set(a) ^ set(b), [name for name in a if a[name] != b.get(name)])
    print(f"layout of both caches: equal, {len(a)} entries")

if step == "offline":
    for path in ours_files():
        assert Path(hf_hub_download(repo, path, cache_dir=ours)).read_bytes() == (Path(fixture) / path).read_bytes()
        assert isinstance(try_to_load_from_cache(repo, path, cache_dir=ours), str)
    assert Path(snapshot_download(repo, cache_dir=ours, revision="v1")).is_dir()
    info = scan_cache_dir(ours)
    assert not info.warnings, info.warnings
    (model,) = info.repos
    assert model.repo_id == repo and {ref for one in model.revisions for ref in one.refs} == {"main", "v1", "refs/pr/1"}
    from sentence_transformers import SentenceTransformer
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    AutoConfig.from_pretrained(repo, cache_dir=ours)
    AutoTokenizer.from_pretrained(repo, cache_dir=ours)
    AutoModel.from_pretrained(repo, cache_dir=ours)
    texts = ["the cat", "a dog"]
    cached = SentenceTransformer(repo, cache_folder=ours, device="cpu").encode(texts)
    assert (cached == SentenceTransformer(fixture, device="cpu").encode(texts)).all()
    print("offline by huggingface_hub, transformers and sentence-transformers: opened, vectors equal")

if step == "online":
    for path in ours_files():
        # By its commit: Python asks the hub nothing where the snapshot has the file.
        commit = (Path(ours) / ("models--" + repo.replace("/", "--")) / "refs" / "main").read_text()
        hf_hub_download(repo, path, revision=commit, cache_dir=ours)

if step == "push":
    api = HfApi()
    api.create_repo("org/by-python", private=True)
    api.upload_folder(repo_id="org/by-python", folder_path=fixture)
