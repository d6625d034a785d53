"""Tokenizers by their Hub name: from a cache folder laid out before, and through huggingface-hub from a server on loopback.

Each load runs in a process of its own, with a cache of its own, with and without `patch()`; what they print must be equal.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import WRITTEN
from generators.characters import NAMED, WORDS

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIGS = {
    "byte_level": {
        "tokenizer_class": "GPT2Tokenizer",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    },
    "word_piece": {
        "tokenizer_class": "BertTokenizer",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "mask_token": "[MASK]",
    },
}
TEXTS = ["", "The quick brown fox", "naïve façade, 東京!", " ".join(WORDS), "".join(NAMED.values())]

LOADS = """
import json, sys
import budtiktok_hf
from transformers import AutoTokenizer
from tokenizers import Tokenizer

name, patched, texts = json.load(sys.stdin)
if patched:
    budtiktok_hf.patch()
shown = []
tok = AutoTokenizer.from_pretrained(name)
backend = Tokenizer.from_pretrained(name)
for options in ({}, {"padding": True, "truncation": True, "max_length": 12}):
    batch = tok(texts, return_offsets_mapping=True, return_special_tokens_mask=True, **options)
    shown.append([type(tok).__name__, dict(batch), [tok.convert_ids_to_tokens(ids) for ids in batch["input_ids"]]])
    shown.append([tok.batch_decode(batch["input_ids"]), [e.word_ids for e in batch.encodings]])
shown.append(dict(tok(texts, texts[::-1])))
for encoding in backend.encode_batch(texts) + [backend.encode(texts[1], texts[2])]:
    shown.append([encoding.ids, encoding.tokens, encoding.offsets, encoding.type_ids, encoding.word_ids])
by_engine = []
if patched:
    for it in (tok, backend):
        explanation = budtiktok_hf.explain(it)
        by_engine.append([explanation.accelerated, explanation.stock_calls])
print(json.dumps([shown, by_engine]))
"""


def repository(kind: str) -> dict[str, bytes]:
    """The files of a model's repository."""
    return {
        "tokenizer.json": WRITTEN[kind].encode(),
        "tokenizer_config.json": json.dumps(CONFIGS[kind]).encode(),
        "config.json": json.dumps(
            {"model_type": "gpt2" if kind == "byte_level" else "bert"}
        ).encode(),
    }


def load(name: str, patched: bool, **environment: str) -> tuple[list, list]:
    """What a process shows of the tokenizer `name`, and who served it."""
    cleared = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT", "HF_HUB_CACHE", "HF_TOKEN")
    inherited = {key: value for key, value in os.environ.items() if key not in cleared}
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        input=json.dumps([name, patched, TEXTS]),
        env=inherited | {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def same_and_accelerated(name: str, stock: dict[str, str], patched: dict[str, str]) -> None:
    expected, _ = load(name, False, **stock)
    shown, by_engine = load(name, True, **patched)
    assert shown == expected
    assert by_engine == [[True, {}], [True, {}]]


def lay_out(home: Path, name: str, files: dict[str, bytes]) -> None:
    """A cache folder as huggingface-hub leaves it after a download."""
    folder = home / "hub" / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    for part in (folder / "blobs", folder / "refs", snapshot):
        part.mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    for file, content in files.items():
        blob = folder / "blobs" / hashlib.sha1(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / file).symlink_to(Path("../../blobs") / blob.name)


@pytest.mark.parametrize("kind", sorted(CONFIGS))
def test_from_a_cache_folder_without_network(tmp_path: Path, kind: str) -> None:
    name = f"somebody/{kind}"
    lay_out(tmp_path, name, repository(kind))
    environment = {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    same_and_accelerated(name, environment, environment)


class Hub(ThreadingHTTPServer):
    """Answers what huggingface-hub asks for the files of one repository."""

    daemon_threads = True

    def __init__(self, name: str, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name, self.files = name, files
        self.log: list[tuple[str, str, int]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = self.path.partition("?")[0]
        name, files = self.server.name, self.server.files
        code, body, headers = 404, b"", {"X-Error-Code": "EntryNotFound"}
        if path.startswith(f"/api/models/{name}") and "/tree/" not in path:
            siblings = [{"rfilename": file} for file in files]
            body = json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode()
            code, headers = 200, {"Content-Type": "application/json"}
        for revision in ("main", COMMIT):
            start = f"/{name}/resolve/{revision}/"
            if path.startswith(start) and path.removeprefix(start) in files:
                body = files[path.removeprefix(start)]
                etag = hashlib.sha1(body).hexdigest()
                code, headers = 200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}
        if code == 404 and path.startswith(f"/{name}/resolve/"):
            headers["X-Repo-Commit"] = COMMIT
        self.server.log.append((self.command, path, code))
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["word_piece"])
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    server = Hub(f"somebody/{request.param}", repository(request.param))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_through_huggingface_hub_from_a_server(hub: Hub, tmp_path: Path) -> None:
    stock = {"HF_HOME": str(tmp_path / "stock"), "HF_ENDPOINT": hub.url}
    patched = {"HF_HOME": str(tmp_path / "patched"), "HF_ENDPOINT": hub.url}
    expected, _ = load(hub.name, False, **stock)
    asked, hub.log = hub.log, []
    shown, by_engine = load(hub.name, True, **patched)
    assert shown == expected
    assert by_engine == [[True, {}], [True, {}]]
    # The same files are fetched, each once.
    fetched = [
        path
        for verb, path, code in hub.log
        if verb == "GET" and "/resolve/" in path and code == 200
    ]
    assert f"/{hub.name}/resolve/" in fetched[0]
    assert {path.rpartition("/")[2] for path in fetched} >= {
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert len(set(fetched)) == len(fetched)
    assert sorted(asked) == sorted(hub.log)
    # The blobs lie in the cache, and the snapshot points at them.
    folder = tmp_path / "patched" / "hub" / f"models--{hub.name.replace('/', '--')}"
    for file in ("tokenizer.json", "tokenizer_config.json"):
        content = hub.files[file]
        assert (folder / "blobs" / hashlib.sha1(content).hexdigest()).read_bytes() == content
        assert (folder / "snapshots" / COMMIT / file).read_bytes() == content
    # The second load needs no network.
    hub.log = []
    again, by_engine = load(hub.name, True, **(patched | {"HF_HUB_OFFLINE": "1"}))
    assert again == expected
    assert by_engine == [[True, {}], [True, {}]]
    assert hub.log == []
