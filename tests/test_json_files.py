"""Large JSON files are read to the very objects that Python's `json` gives, errors included."""

import importlib.util
import json
import math
import random
import string

import pytest

import budtiktok_hf
from budtiktok_hf import _native
from budtiktok_hf.backend import json_files

PLAIN = [
    "{}",
    "[]",
    " [ 1 , 2.5,-3e2 ,1E+2,0, -0, -0.0, 1e-400 ] ",
    '{"a": {"b": [[], {}, null, true, false]}, "a": 1, "": ""}',
    r'"é \u00e9 \ud83d\ude00 \" \\ \/ \b \f \n \r \t"',
    '"日本 😀 \x7f"',
    "9223372036854775807",
    "0.1",
    "123456789012345678901234567890.5",
    "\r\n\ttrue",
]
LEFT = [
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    '{"a" 1}',
    "{1:2}",
    "nul",
    "NaN",
    "-Infinity",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "9223372036854775808",
    '"\t"',
    '"\\x"',
    '"\\u12"',
    '"\\ud83d"',
    '"\\ud83d\\u0041"',
    '"\\u12é"',
    '"open',
    "[1] 2",
    "\ufeff[]",
    "[" * 100 + "]" * 100,
    "\u00a0[]",
]


def same(one, other) -> bool:
    """Equal, of the same types, in the same order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_texts(text):
    assert same(_native.json_objects(text.encode()), json.loads(text))


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left_to_python(text):
    assert _native.json_objects(text.encode("utf-8")) is None
    assert _native.json_objects(b'"' + b"\xff" + b'"') is None


def test_random_values():
    rng = random.Random(7)
    letters = string.printable + 'éЖ日😀\u2028\x00\x1f\\"'

    def value(depth: int):
        kind = rng.randrange(7 if depth < 5 else 5)
        if kind == 0:
            return rng.choice([None, True, False, 0, -1, 1 << 62])
        if kind == 1:
            return rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300)
        if kind < 5:
            return "".join(rng.choices(letters, k=rng.randrange(12)))
        if kind == 5:
            return [value(depth + 1) for _ in range(rng.randrange(6))]
        keys = ("".join(rng.choices(letters, k=rng.randrange(9))) for _ in range(4))
        return {key: value(depth + 1) for key in keys}

    for _ in range(300):
        made = value(0)
        for ascii_only in (True, False):
            text = json.dumps(made, ensure_ascii=ascii_only, indent=rng.choice([None, 1]))
            read = _native.json_objects(text.encode())
            assert same(read, json.loads(text)), text


@pytest.fixture
def large(tmp_path):
    def write(text: str):
        path = tmp_path / "large.json"
        path.write_text(text + " " * json_files.WORTH_IT, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("text", [*PLAIN, *LEFT])
def test_load_gives_what_json_gives(text, large):
    path = large(text)
    results = []
    for load in (json.load, json_files.standing_in.load):
        with open(path, encoding="utf-8") as file:
            try:
                results.append((load(file), file.tell(), file.read()))
            except Exception as error:
                results.append((type(error), str(error)))
    expected, read = results
    assert same(list(expected), list(read))


def test_other_files_and_arguments(large):
    path = large('{"a": 1.5}')
    load = json_files.standing_in.load
    with open(path, encoding="utf-8") as file:
        assert load(file, parse_float=str) == {"a": "1.5"}
    with open(path, encoding="utf-8") as file:
        file.read(1)
        with pytest.raises(json.JSONDecodeError):
            load(file)
    with open(path, "rb") as file:
        assert load(file) == {"a": 1.5}
    small = path.with_name("small.json")
    small.write_text("[NaN]")
    with open(small, encoding="utf-8") as file:
        assert math.isnan(load(file)[0])


def test_the_module_stands_in_while_patched():
    # transformers 4.57 has only the first.
    names = [name for name in json_files.MODULES if importlib.util.find_spec(name)]
    assert names[0] == json_files.MODULES[0]
    modules = [importlib.import_module(name) for name in names]
    budtiktok_hf.patch()
    for module in modules:
        assert module.json.dumps is json.dumps
        assert module.json is not json
        assert dir(module.json) == dir(json)
    budtiktok_hf.unpatch()
    assert all(module.json is json for module in modules)
