"""Forked and spawned children encode as their parent does, also after the parent has used its pool; nothing hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from budtiktok_hf.cli.demo import train

TEXT = "def encode(text, pair=None):\n    '''naïve café 東京'''\n    return [text, pair]\n"
SCRIPT = """
import multiprocessing, pickle, sys
import budtiktok_hf

PATCHED = sys.argv[2] != "never"
if PATCHED:
    budtiktok_hf.patch()

from tokenizers import Tokenizer
from budtiktok_hf import compare


def digest(tok, texts):
    return compare.digest([compare.plain(tok.encode_batch(texts)), compare.plain(tok.encode(texts[0]))]).hex()


def child(tok, texts, queue):
    queue.put((digest(tok, texts), budtiktok_hf.is_patched()))


def child_of_pickle(data, texts, queue):
    child(pickle.loads(data), texts, queue)


if __name__ == "__main__":
    folder, how, method = sys.argv[1:4]
    compare.silence_deprecations()
    tok = Tokenizer.from_file(folder + "/tokenizer.json")
    texts = [TEXT * (1 + number % 7) for number in range(64)]
    expected = digest(tok, texts)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    started = []
    for number in range(4):
        target, what = ((child, tok), (child_of_pickle, pickle.dumps(tok)))[number % 2]
        started.append(context.Process(target=target, args=(what, texts, queue)))
    for process in started:
        process.start()
    results = [queue.get(timeout=120) for _ in started]
    for process in started:
        process.join(timeout=120)
        assert process.exitcode == 0, process.exitcode
    assert digest(tok, texts) == expected
    assert {found for found, _ in results} == {expected}, results
    if method == "fork":
        assert all(patched == budtiktok_hf.is_patched() for _, patched in results)
    print(expected)
""".replace("TEXT * ", f"{TEXT!r} * ")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    train(folder, TEXT * 20)
    return folder


def run(model: Path, script: Path, how: str, method: str, **environment: str) -> str:
    root = Path(__file__).resolve().parent.parent
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, str(script), str(model), how, method],
        env=os.environ | {"PYTHONPATH": path} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        # The children with it: a deadlocked one would stay for good.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, errors[-3000:]
    return out.strip()


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("parallelism", [None, "true", "false"])
def test_children_encode_as_the_parent_does(
    model: Path, tmp_path: Path, method: str, parallelism: str | None
) -> None:
    script = tmp_path / "children.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {} if parallelism is None else {"TOKENIZERS_PARALLELISM": parallelism}
    ours = run(model, script, "always", method, **environment)
    # Stock deadlocks in a child that may use the pool its parent has used.
    if (method, parallelism) != ("fork", "true"):
        assert ours == run(model, script, "never", method, **environment)


def test_pickles_go_both_ways_between_patched_and_unpatched_processes(
    model: Path, tmp_path: Path
) -> None:
    """Pickled patched and unpatched tokenizers are the same bytes, and each loads in a process of the other kind."""
    code = """
import pickle, sys
sys.path.insert(0, sys.argv[4])
from budtiktok_hf import compare
if sys.argv[3] == "patched":
    import budtiktok_hf
    budtiktok_hf.patch()
from transformers import AutoTokenizer
tok = AutoTokenizer.from_pretrained(sys.argv[1])
encoding = tok.backend_tokenizer.encode("def encode(text): 'naïve 東京'")
if len(sys.argv) > 5:
    tok, old = pickle.load(open(sys.argv[5], "rb"))
    assert compare.compare_encodings(old, encoding, range(40)) is None
    assert compare.compare_encodings(tok.backend_tokenizer.encode("def encode(text): 'naïve 東京'"), encoding, range(40)) is None
pickle.dump((tok, encoding), open(sys.argv[2], "wb"))
"""
    root = str(Path(__file__).resolve().parent.parent)
    written = {}
    for side in ("stock", "patched"):
        written[side] = tmp_path / side
        subprocess.run(
            [sys.executable, "-c", code, str(model), str(written[side]), side, root],
            check=True,
            timeout=120,
        )
    assert written["stock"].read_bytes() == written["patched"].read_bytes()
    for side, other in (("stock", "patched"), ("patched", "stock")):
        again = tmp_path / f"{side}-from-{other}"
        subprocess.run(
            [sys.executable, "-c", code, str(model), str(again), side, root, str(written[other])],
            check=True,
            timeout=120,
        )


FORKS_WHILE_ENGINES_ARE_MADE = """
import os, signal, sys, threading, time
import budtiktok_hf
from tokenizers import Tokenizer

written = open(sys.argv[1]).read()
budtiktok_hf.patch()
tokenizer = Tokenizer.from_str(written)
expected = tokenizer.encode("The quick brown fox").ids
stop = False

def make_engines():
    number = 0
    while not stop:
        other = Tokenizer.from_str(written)
        other.encode("x")
        other.add_tokens([f"token{number}"])
        other.encode_batch(["The quick brown fox"] * 20)
        number += 1

threads = [threading.Thread(target=make_engines, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
until, forks = time.time() + 6, 0
while forks < 3 or forks < 100 and time.time() < until:
    forks += 1
    pending = Tokenizer.from_str(written)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        same = pending.encode("The quick brown fox").ids == expected
        os._exit(0 if same and tokenizer.encode("The quick brown fox").ids == expected else 1)
    status = os.waitpid(child, 0)[1]
    if status:
        print("a child ended with", status)
        os._exit(1)
os._exit(0)
"""


def test_fork_while_other_threads_make_engines(model: Path, tmp_path: Path) -> None:
    """A lock that a thread of the parent holds is never waited for in the child."""
    script = tmp_path / "forks.py"
    script.write_text(FORKS_WHILE_ENGINES_ARE_MADE)
    command = [sys.executable, str(script), str(model / "tokenizer.json")]
    root = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": root}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
