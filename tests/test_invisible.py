"""Nothing of us shows: reprs, signatures, pickles, fingerprints, errors."""

import asyncio
import inspect
import pickle
import pickletools
import pydoc

import pytest
import tokenizers
from conftest import TEXTS, WRITTEN, Raw, fields, outcome
from tokenizers import Encoding, Tokenizer, normalizers, pre_tokenizers, processors

import budtiktok_hf

METHODS = [
    "encode",
    "encode_batch",
    "encode_batch_fast",
    "async_encode",
    "add_tokens",
    "enable_truncation",
    "no_truncation",
    "train_from_iterator",
    "post_process",
    "__setstate__",
    "from_str",
    "from_file",
    "from_pretrained",
]
PROPERTIES = ["model", "normalizer", "post_processor", "encode_special_tokens", "truncation"]


def shown(tokenizer: Tokenizer) -> list:
    """Everything introspection says about the hooked attributes, without addresses."""
    lines = [dir(tokenizer), dir(Tokenizer), repr(Tokenizer), repr(tokenizer), str(tokenizer)]
    for name in METHODS:
        unbound, bound = getattr(Tokenizer, name), getattr(tokenizer, name)
        in_class = vars(Tokenizer)[name]
        for value in (unbound, bound, in_class):
            lines.append((type(value), value.__doc__, getattr(value, "__name__", None)))
            lines.append(getattr(value, "__qualname__", None))
            lines.append(getattr(value, "__text_signature__", None))
            lines.append(repr(value).split(" at 0x")[0].split(" of ")[0])
            if callable(value):
                lines.append(outcome(lambda value=value: str(inspect.signature(value))))
        lines.append(pickle.dumps(unbound))
        lines.append(pydoc.render_doc(unbound))
    for owner in (Tokenizer, tokenizers.models.BPE, tokenizers.models.WordPiece):
        lines.append((str(inspect.signature(owner)), owner.__doc__, repr(owner), dir(owner)))
        lines.append(outcome(lambda owner=owner: owner(7, 8, 9)))
        lines.append(outcome(lambda owner=owner: type(owner(nonsense=9))))
    for name in PROPERTIES:
        value = vars(Tokenizer)[name]
        lines.append((type(value), value.__doc__, value.__name__, value.__qualname__, repr(value)))
    for owner, name in (
        (Encoding, "merge"),
        (processors.PostProcessor, "process"),
        (normalizers.Sequence, "__setitem__"),
        (normalizers.Strip, "left"),
        (pre_tokenizers.PreTokenizer, "__setstate__"),
    ):
        value = vars(owner)[name]
        lines.append((type(value), value.__doc__, getattr(owner, name).__name__))
        lines.append(getattr(owner, name).__qualname__)
    return lines


def test_introspection_is_stocks(written):
    tokenizer = Tokenizer.from_str(written)
    before = shown(tokenizer)
    budtiktok_hf.patch()
    assert shown(tokenizer) == before
    budtiktok_hf.unpatch()
    assert shown(tokenizer) == before


def test_pickles_are_stocks(written, either):
    tokenizer = Tokenizer.from_str(written)
    before = pickle.dumps(tokenizer)
    bound = pickle.dumps(tokenizer.encode_batch)
    budtiktok_hf.patch()
    tokenizer.encode("The fox")
    assert pickle.dumps(tokenizer) == before
    assert pickle.dumps(tokenizer.encode_batch) == bound
    assert all("budtiktok" not in str(argument) for _, argument, _ in pickletools.genops(before))
    other = pickle.loads(before)
    assert fields(other.encode("The fox")) == fields(tokenizer.encode("The fox"))
    budtiktok_hf.unpatch()
    assert pickle.dumps(tokenizer) == before
    assert pickle.dumps(other) == before


def test_fingerprints_are_stocks(written, either, tmp_path):
    fingerprint = pytest.importorskip("datasets.fingerprint")
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    tok = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), pad_token="[PAD]")

    def hashes():
        targets = [tok, tok.__call__, tok._tokenizer, tok._tokenizer.encode_batch]
        targets += [Tokenizer.encode, lambda row: tok(row["text"])]
        return [fingerprint.Hasher.hash(target) for target in targets]

    before = hashes()
    budtiktok_hf.patch()
    assert hashes() == before
    tok(["The fox", "jumps"], padding=True)
    tok._tokenizer.no_padding()
    assert hashes() == before
    budtiktok_hf.unpatch()
    assert hashes() == before


def test_saved_files_are_stocks(written, either, tmp_path):
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")

    def saved(folder):
        tok = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), pad_token="[PAD]")
        tok(TEXTS, padding=True, truncation=True, max_length=7)
        tok.save_pretrained(tmp_path / folder)
        return {p.name: p.read_bytes() for p in (tmp_path / folder).iterdir()}

    before = saved("before")
    budtiktok_hf.patch()
    assert saved("patched") == before


#: Calls that stock refuses, or that look odd.
ODD = [
    lambda t: t.encode(),
    lambda t: t.encode(None),
    lambda t: t.encode(7),
    lambda t: t.encode(b"bytes"),
    lambda t: t.encode("a", "b", False, True, 1),
    lambda t: t.encode("a", nonsense=1),
    lambda t: t.encode("a", sequence="b"),
    lambda t: t.encode("a", is_pretokenized=1),
    lambda t: t.encode("a", is_pretokenized=None),
    lambda t: t.encode("a", add_special_tokens="yes"),
    lambda t: t.encode(["a", "b"]),
    lambda t: t.encode("a", is_pretokenized=True),
    lambda t: t.encode("\ud800"),
    lambda t: t.encode_batch("text"),
    lambda t: t.encode_batch(None),
    lambda t: t.encode_batch(x for x in ["a"]),
    lambda t: t.encode_batch(["a", 7]),
    lambda t: t.encode_batch([["a", "b"]]),
    lambda t: t.encode_batch([("a", "b", "c")]),
    lambda t: t.encode_batch(("a", "b")),
    lambda t: t.encode_batch(["a"], True, True, True),
    lambda t: t.encode_batch([["a", "b"], ["c"]], is_pretokenized=True),
    lambda t: t.encode_batch({"a": 1}),
    lambda t: t.encode_batch_fast(["a", None]),
    lambda t: t.enable_truncation(),
    lambda t: t.enable_truncation("x"),
    lambda t: t.enable_truncation(-1),
    lambda t: t.enable_padding(3),
    lambda t: t.no_padding(1),
    lambda t: t.add_tokens("abc"),
    lambda t: t.add_tokens([1]),
    lambda t: t.post_process("x"),
    lambda t: setattr(t, "normalizer", 7),
    lambda t: delattr(t, "normalizer"),
    lambda t: setattr(t, "truncation", None),
    lambda t: t.train(["/no/such/file"]),
    lambda t: t.__setstate__("x"),
    lambda t: t.__setstate__(b"{}"),
    lambda t: Tokenizer.from_str("{}"),
    lambda t: Tokenizer.from_str(b"{}"),
    lambda t: Tokenizer.from_buffer("{}"),
    lambda t: Tokenizer.from_buffer(b"\xff"),
    lambda t: Tokenizer.from_file("/no/such/file"),
    lambda t: Tokenizer.from_file(7),
    lambda t: Tokenizer.from_file(),
    lambda t: Tokenizer.from_pretrained(7),
    lambda t: Tokenizer.from_pretrained("a", revision=None),
    lambda t: Tokenizer.encode("a"),
    lambda t: Encoding.merge([1]),
    lambda t: Encoding.merge(7),
]


def test_errors_are_stocks(written, either):
    def outcomes(tokenizer):
        seen = [outcome(lambda call=call: call(tokenizer)) for call in ODD]
        plain = (type(None), tuple, bool, int, str)
        return [each if isinstance(each, plain) else plainly(each) for each in seen]

    def plainly(value):
        return [fields(e) for e in value] if isinstance(value, list) else fields(value)

    before = outcomes(Tokenizer.from_str(written))
    budtiktok_hf.patch()
    assert outcomes(Tokenizer.from_str(written)) == before


def test_a_broken_file_fails_as_in_stock(tmp_path):
    path = tmp_path / "broken.json"
    for content in (
        b"",
        b"{",
        b"\xff\xfe",
        b'{"version":"2.0"}',
        WRITTEN["byte_level"].encode()[:-9],
    ):
        path.write_bytes(content)
        before = outcome(lambda: Tokenizer.from_file(str(path)))
        assert isinstance(before, tuple)
        budtiktok_hf.patch()
        assert outcome(lambda: Tokenizer.from_file(str(path))) == before
        budtiktok_hf.unpatch()


def test_where_stock_panics_a_value_error(either):
    tokenizer = Tokenizer.from_str(WRITTEN["word_piece"])
    tokenizer.enable_truncation(4, stride=2)
    texts = ["a b c d e f g"]
    for call in (
        lambda: tokenizer.encode(texts[0]),
        lambda: tokenizer.encode_batch(texts),
        lambda: tokenizer.encode_batch_fast(texts),
    ):
        with pytest.raises(BaseException) as panic:
            call()
        assert not isinstance(panic.value, Exception)
        budtiktok_hf.patch()
        with pytest.raises(ValueError):
            call()
        budtiktok_hf.unpatch()
    budtiktok_hf.patch()
    tokenizer.no_truncation()
    assert len(tokenizer.encode(texts[0]).ids) > 4


def test_native_consumers_take_our_encodings(written, either):
    tokenizer = Tokenizer.from_str(written)
    raw = Raw(tokenizer)
    budtiktok_hf.patch()
    ours = [tokenizer.encode(text, add_special_tokens=False) for text in TEXTS]
    stock = [raw.encode(text, None, False, False) for text in TEXTS]
    assert fields(Encoding.merge(ours)) == fields(Encoding.merge(stock))
    assert fields(Encoding.merge(encodings=tuple(ours), growing_offsets=False)) == fields(
        Encoding.merge(stock, growing_offsets=False)
    )
    assert fields(tokenizer.post_process(ours[2])) == fields(tokenizer.post_process(stock[2]))
    assert fields(tokenizer.post_process(ours[2], pair=ours[3])) == fields(
        tokenizer.post_process(stock[2], stock[3])
    )
    processor = processors.TemplateProcessing(
        single="$A x", pair="$A $B", special_tokens=[("x", 9)]
    )
    assert fields(processor.process(ours[2], stock[3])) == fields(
        processor.process(stock[2], stock[3])
    )
    assert all(isinstance(encoding, tokenizers.Encoding) for encoding in ours)


def test_async_forms(written, either):
    tokenizer = Tokenizer.from_str(written)
    raw = Raw(tokenizer)

    async def both(name, *args, **kwargs):
        ours = await getattr(tokenizer, name)(*args, **kwargs)
        stock = await getattr(raw, name)(*args, **kwargs)
        if isinstance(stock, list):
            assert list(map(fields, ours)) == list(map(fields, stock))
        else:
            assert fields(ours) == fields(stock)

    async def run():
        for text in TEXTS:
            await both("async_encode", text)
            await both("async_encode", text, "The pair", add_special_tokens=False)
        await both("async_encode", ["The", "fox"], is_pretokenized=True)
        for name in ("async_encode_batch", "async_encode_batch_fast"):
            await both(name, TEXTS)
            await both(name, [(text, "b") for text in TEXTS], add_special_tokens=False)
            await both(name, [["The", "quick", "fox"], ["a"]], is_pretokenized=True)
            await both(name, (("The", "quick", "fox"), []), is_pretokenized=True)
            await both(name, [(["The", "fox"], ("a",)), [["b"], []]], is_pretokenized=True)
            await both(name, (["The", "fox"], ("a", "b"), "c"))
            for odd in (7, [7], ["\ud800"], [["a", "b"]]):
                expected = outcome(lambda odd=odd, name=name: getattr(raw, name)(odd))
                got = outcome(lambda odd=odd, name=name: getattr(tokenizer, name)(odd))
                if isinstance(expected, tuple):
                    assert got == expected
                else:
                    assert list(map(fields, await got)) == list(map(fields, await expected))

    budtiktok_hf.patch()
    asyncio.run(run())
    with pytest.raises(RuntimeError):
        tokenizer.async_encode_batch(["no loop"])
