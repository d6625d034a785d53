"""What the native hooks call."""

from .. import canary, fallback
from . import parts, stock
from .made import model_begins, model_made, tokenizer_made
from .proof import prove
from .streams import hand_back

__all__ = [
    "transformers_imported",
    "async_batch",
    "async_decode",
    "async_one",
    "checked",
    "checked_call",
    "first_exposed",
    "from_pretrained",
    "hand_back",
    "model_begins",
    "model_made",
    "probe",
    "prove",
    "served_by_stock",
    "tokenizer_made",
    "tokens_added",
]

served_by_stock = fallback.note
checked = canary.checked
checked_call = canary.checked_call
probe = canary.probe


def transformers_imported() -> None:
    """The calls of transformers can be hooked now."""
    from ..hooks import scope

    scope.complete()


def first_exposed(memo: dict, name: str, component) -> None:
    """A part is handed out for the first time: its state is still what was compiled."""
    try:
        memo[name] = parts.state(name, component)
    except Exception:
        memo.pop(name, None)


def tokens_added(handle, tokens, special: bool) -> None:
    """Tokens were handed to `add_tokens`, or (`special`) to `add_special_tokens`."""
    if type(tokens) is not list:
        return
    contents = [getattr(token, "content", token) for token in tokens]
    if stock.VERSION < (0, 23):
        handle.memo.setdefault("added_contents", []).extend(contents)
    parts.special_contents(handle).update(
        content
        for token, content in zip(tokens, contents)
        if special or getattr(token, "special", False)
    )


def async_one(tokenizer, sequence, pair, add_special_tokens: bool):
    """A future of `encode`; None if stock has to answer (no running loop)."""
    return _later(tokenizer.encode, sequence, pair, False, add_special_tokens)


def async_batch(tokenizer, inputs, is_pretokenized: bool, add_special_tokens: bool, fast: bool):
    """A future of `encode_batch`, over a copy of the inputs; None if stock has to answer.

    Stock reads its arguments before it returns the future, and raises there and then for what it
    does not take: so only what it surely takes is accepted.
    """
    if type(inputs) not in (list, tuple):
        return None
    try:
        copy = [_copied(item, is_pretokenized) for item in inputs]
    except TypeError:
        return None
    method = tokenizer.encode_batch_fast if fast else tokenizer.encode_batch
    return _later(method, copy, is_pretokenized, add_special_tokens)


def async_decode(tokenizer, sequences, skip_special_tokens: bool):
    """A future of `decode_batch`, over a copy of the ids; None if stock has to answer."""
    copy = [list(ids) for ids in sequences]
    return _later(tokenizer.decode_batch, copy, skip_special_tokens)


def _copied(item, is_pretokenized: bool):
    if not is_pretokenized and type(item) is str:
        return _text(item)
    if type(item) not in (list, tuple):
        raise TypeError
    part = _words if is_pretokenized else _text
    if len(item) == 2:
        # A pair; two strings that claim to be words are not, and stock says so in its own words.
        return part(item[0]), part(item[1])
    if not is_pretokenized:
        raise TypeError
    return _words(item)


def _words(words) -> list[str]:
    if type(words) not in (list, tuple):
        raise TypeError
    return [_text(word) for word in words]


def _text(text) -> str:
    if type(text) is not str:
        raise TypeError
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            # A lone surrogate.
            raise TypeError from None
    return text


def _later(method, *args):
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loop.run_in_executor(None, method, *args)


def from_pretrained(identifier, revision, token):
    """`Tokenizer.from_pretrained` through the hooked `from_file`; None for odd arguments."""
    if type(identifier) is not str or (revision is not None and type(revision) is not str):
        return None
    if token is not None and type(token) is not str:
        return None
    import huggingface_hub
    from tokenizers import Tokenizer

    kwargs = {"repo_id": identifier, "filename": "tokenizer.json", "revision": revision or "main"}
    if token is not None:
        kwargs["token"] = token
    return Tokenizer.from_file(huggingface_hub.hf_hub_download(**kwargs))
