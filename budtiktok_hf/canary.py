"""The canary: a share of the calls that the engine serves is answered by stock as well.

Idea: the native hooks draw calls (`patch(verify=0.001)`, `BUDTIKTOK_VERIFY=0.001`) and bring them
here with the engine's answer. Where stock's differs, in any field, stock's is given, the engine is
taken away from that tokenizer, and the log says where the two part: field and position, never the
text, unless `BUDTIKTOK_VERIFY_TEXT=1` asks for it. Before an engine's first call a few strings
are compared in the same way.

Another thread may change truncation or a component between the two answers. A difference counts
when it shows twice running, each time with nothing moved.
"""

import os
from contextlib import contextmanager

from . import _native, compare
from .fallback import logger

__all__ = ["PROBES", "begin", "checked", "checked_call", "probe", "set_share"]

#: Compared when an engine is compiled: every script class, white space, marks, and what tokenizers
#: treat by a rule of its own.
PROBES = (
    "",
    " ",
    "Hello, world!",
    "The quick brown fox jumps over the lazy dog.",
    "  leading and trailing  ",
    "two  spaces   three\tand\ttabs\n\nnew lines\r\n",
    "it's we'll I'M you'RE they'd don't",
    "e.g. 3.14159 1,234,567 1st 2nd 0x1F 12345678901234567890",
    "UPPER lower CamelCase snake_case kebab-case",
    "def f(x):\n    return {'a': [x, 1]} if x else None\n",
    "https://example.org/a/b?c=d&e=%20#f user@example.org",
    "<s> </s> <unk> <pad> [CLS] [SEP] [MASK] <mask> <|endoftext|>",
    "Ünïcödé façade naïve café Ångström straße İstanbul ſ",
    "e\u0301 o\u0308 n\u0303 \u0301 a\u0300\u0301\u0302",
    "Ελληνικά Привет мир українська",
    "שלום עולם مرحبا بالعالم",
    "नमस्ते दुनिया ภาษาไทย ကမ္ဘာ",
    "你好，世界。東京タワー 안녕하세요",
    "ﬁ ﬂ ① Ⅷ ½ ｆｕｌｌ ㍿ ℌ",
    "😀 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️",
    "a\u00a0b\u2003c\u3000d\u200be\ufefff",
    "\u0000 \u0001 \u007f \u0085 \u00ad \u2028 \ufffd",
    "▁ Ġ Ċ ## </w> \u2581word",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "!!! ??? ... --- *** (((nested))) [[x]] {{y}} \"quotes\" 'single'",
    "x=1;y=2;z=x+y;print(z)//comment /* block */ # hash",
    "\\n \\t \\\\ C:\\Temp\\new",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𠜎 𝟙𝟚𝟛",
    "mixed漢字and한글withРусский123",
    "\n\n\n",
    "word " * 40,
)

#: None until somebody says how many: then the environment counts.
_share: list[float] = []


def set_share(share: float | None) -> None:
    """The share of calls that stock answers as well; None leaves it as it is."""
    if share is None:
        return
    share = float(share)
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"verify is a share of calls, from 0 to 1, not {share}")
    _share[:] = [share]
    _native.set_verify(share)


def begin() -> None:
    """The hooks go in: the environment counts unless a share was given."""
    if _share:
        return
    text = os.environ.get("BUDTIKTOK_VERIFY", "")
    try:
        share = float(text) if text else 0.0
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        logger.warning("BUDTIKTOK_VERIFY is not a share from 0 to 1, and does not count")
        share = 0.0
    _native.set_verify(share)


@contextmanager
def _paused():
    _native.pause_verify(True)
    try:
        yield
    finally:
        _native.pause_verify(False)


@contextmanager
def _by_stock_alone():
    _native.suspend(True)
    try:
        yield
    finally:
        _native.suspend(False)


def checked(tokenizer, name: str, args: tuple, kwargs: dict, ours, raised, stamp):
    """What a drawn call gives: `ours` (or `raised`), stock's answer where they differ.

    `stamp`: what ours depended on, before it was given.
    """
    if raised is not None:
        ours = _Error(raised)
    with _paused():
        expected = _by_stock(tokenizer, name, args, kwargs)
        difference = _difference(expected, ours)
        if difference is None or _native.ensure_handle(tokenizer).stamp() != stamp:
            return _given(ours)
        confirmed = _confirmed(tokenizer, name, args, kwargs)
    if confirmed is None:
        logger.warning("%s differed from stock once, and not again", name)
    else:
        difference = confirmed
        _report(tokenizer, name, args, difference)
    return _given(expected)


def checked_call(original, args: tuple, kwargs: dict | None, ours):
    """What a drawn call of transformers gives: `ours`, stock's answer where they differ.

    `original` is stock's method; the tokenizer is its first argument.
    """
    from .hooks import backend_of

    backend = backend_of(args[0])
    handle = _native.ensure_handle(backend)
    name, kwargs = original.__name__, kwargs or {}
    with _paused():
        before = handle.stamp()
        with _by_stock_alone():
            expected = _answer(original, *args, **kwargs)
        difference = _difference(expected, ours)
        if difference is None:
            return ours
        for _ in range(8):
            again = _answer(getattr(args[0], name), *args[1:], **kwargs)
            with _by_stock_alone():
                expected = _answer(original, *args, **kwargs)
            confirmed = _difference(expected, again)
            # The calls themselves may write truncation and padding: only others' changes count.
            if confirmed is None or handle.stamp()[0] == before[0]:
                break
    if confirmed is None:
        logger.warning("%s differed from stock once, and not again", name)
    else:
        _report(backend, name, args[1:], confirmed)
    return _given(expected)


def probe(tokenizer) -> None:
    """Compares a new engine with stock on a few strings."""
    with _paused():
        for text in PROBES:
            difference = _confirmed(tokenizer, "encode", (text,), {})
            if difference is not None:
                _report(tokenizer, "encode", (text,), difference)
                return


class _Error(Exception):
    """An exception as an answer."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _answer(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 (a panic of stock's is a BaseException)
        return _Error(error)


def _given(answer):
    if isinstance(answer, _Error):
        error = answer.error
        # As everywhere behind the hooks, a panic is a ValueError.
        raise ValueError(str(error)) if type(error).__name__ in compare.PANICS else error
    return answer


def _plain(answer):
    if isinstance(answer, _Error):
        answer = compare.Raised(type(answer.error).__name__, str(answer.error))
    return compare.plain(answer)


def _difference(expected, ours) -> compare.Difference | None:
    return compare.difference(_plain(expected), _plain(ours))


def _by_stock(tokenizer, name: str, args: tuple, kwargs: dict):
    from .backend import stock

    return _answer(stock.call, tokenizer, name, *args, **kwargs)


def _confirmed(tokenizer, name: str, args: tuple, kwargs: dict) -> compare.Difference | None:
    """A difference that shows twice running, each time with nothing moved; None if there is none."""
    handle = _native.ensure_handle(tokenizer)
    seen = 0
    for _ in range(8):
        before = handle.stamp()
        ours = _answer(getattr(tokenizer, name), *args, **kwargs)
        difference = _difference(_by_stock(tokenizer, name, args, kwargs), ours)
        if difference is None:
            return None
        seen = seen + 1 if handle.stamp() == before else 0
        if seen == 2:
            return difference
    return None


def _report(tokenizer, name: str, args: tuple, difference: compare.Difference) -> None:
    place = f"{name}{difference.path or ': the result'}"
    _native.ensure_handle(tokenizer).distrust(f"the canary saw a difference in {place}")
    text = ""
    if os.environ.get("BUDTIKTOK_VERIFY_TEXT", "") not in ("", "0"):
        text = f": expected {difference.expected}, got {difference.actual}, for {args!r}"
    logger.error(
        "the engine differs from stock in %s; stock serves the tokenizer at %#x from now on%s",
        place,
        id(tokenizer),
        text,
    )
