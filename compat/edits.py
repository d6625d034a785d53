"""What users do to a tokenizer after loading it: add tokens, change components in place, replace them.

Both sides make the same edits at the same place of the plan; each edit is undone before the next, where stock allows it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tokenizers import AddedToken, decoders, normalizers, pre_tokenizers, processors

Undo = Callable[[], None]

FLAGS = {
    "normalizer": (
        "lowercase",
        "strip_accents",
        "clean_text",
        "handle_chinese_chars",
        "left",
        "right",
    ),
    "pre_tokenizer": (
        "add_prefix_space",
        "use_regex",
        "trim_offsets",
        "individual_digits",
        "split",
    ),
    "post_processor": ("trim_offsets", "add_prefix_space"),
    "model": ("fuse_unk", "byte_fallback", "ignore_merges"),
}
"""Boolean attributes that stock lets a user turn on a component."""


def forms_are_sound(backend: Any, normalizer: Any, more: Iterable[str] = ()) -> bool:
    """Whether stock's answers are determined with these normalized added tokens, `more` among them.

    Stock looks for such a token by its normalized form. Two tokens with one form: the id depends on the order of a hash map, which
    differs from process to process. A form that is empty: the search matches between all characters, panics inside of them, and at
    some texts never ends. Nothing can be compared there, so the plan stays away from both.
    """
    contents = {
        token.content for token in backend.get_added_tokens_decoder().values() if token.normalized
    }
    contents |= set(more)
    forms = {normalizer.normalize_str(text) if normalizer else text for text in contents}
    return len(forms) == len(contents) and "" not in forms


def add_tokens(backend: Any, step: int, rng: random.Random) -> None:
    """A few more added tokens, of every kind in turn."""
    word = f"new{step}word"
    tokens: list[Any] = [
        AddedToken(f"<tok{step}>", special=True, normalized=False),
        AddedToken(
            word,
            single_word=bool(step % 2),
            normalized=step % 3 != 0,
            lstrip=step % 4 == 0,
            rstrip=step % 5 == 0,
        ),
    ]
    drawn = rng.choice(["the", "ab", "é", "日本", "  ", "\n", "Hello", "ing"])
    if forms_are_sound(backend, backend.normalizer, [drawn]):
        tokens.append(drawn)
    if step % 2:
        backend.add_special_tokens(
            [AddedToken(f"[S{step}]", lstrip=True, rstrip=True), tokens.pop(0)]
        )
    backend.add_tokens(tokens)


def edits(backend: Any) -> list[tuple[str, Callable[[], Undo]]]:
    """Every edit that this tokenizer allows: (name, make it and return how to undo it), in a fixed order."""
    found: list[tuple[str, Callable[[], Undo]]] = []
    for owner, flags in FLAGS.items():
        for path, component in _walk(getattr(backend, owner), owner):
            for flag in flags:
                value = getattr(component, flag, None)
                if isinstance(value, bool) or (
                    flag == "strip_accents" and hasattr(component, flag)
                ):
                    found.append((f"{path}.{flag} = {not value}", _flip(component, flag, value)))
    replacements = {
        "normalizer": [normalizers.Lowercase(), normalizers.NFC(), None],
        "pre_tokenizer": [
            pre_tokenizers.ByteLevel(add_prefix_space=True),
            pre_tokenizers.BertPreTokenizer(),
            None,
        ],
        "post_processor": [processors.ByteLevel(trim_offsets=True), _template(backend), None],
        "decoder": [decoders.ByteLevel(), None],
    }
    for owner, values in replacements.items():
        for value in values:
            found.append((f"{owner} = {type(value).__name__}", _replace(backend, owner, value)))
    if backend.normalizer is not None:
        both = normalizers.Sequence([normalizers.Lowercase(), backend.normalizer])
        found.append(
            ("normalizer = Sequence[Lowercase, itself]", _replace(backend, "normalizer", both))
        )
    return found


def _walk(component: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A component and, of a Sequence, its parts: stock hands them out as live objects."""
    if component is None:
        return
    yield path, component
    if type(component).__name__ == "Sequence" and hasattr(component, "__getitem__"):
        index = 0
        while True:
            try:
                part = component[index]
            except (IndexError, TypeError):
                return
            yield from _walk(part, f"{path}[{index}]")
            index += 1


def _flip(component: Any, flag: str, value: bool | None) -> Callable[[], Undo]:
    def put(to: bool | None) -> None:
        setattr(component, flag, to)
        # Stock keeps the words of a model it has cached when a flag is edited in place: its answer would depend on what was
        # encoded before, and by which thread.
        if hasattr(component, "_clear_cache"):
            component._clear_cache()

    def make() -> Undo:
        put(not value)
        return lambda: put(value)

    return make


def _replace(backend: Any, owner: str, value: Any) -> Callable[[], Undo]:
    def make() -> Undo:
        if owner == "normalizer" and not forms_are_sound(backend, value):
            return lambda: None
        before = getattr(backend, owner)
        setattr(backend, owner, value)
        return lambda: setattr(backend, owner, before)

    return make


def _template(backend: Any) -> Any:
    """A template around two of the tokenizer's own tokens."""
    by_id = sorted((id, token) for token, id in backend.get_vocab().items())
    (first, start), (last, end) = by_id[0], by_id[-1]
    try:
        return processors.TemplateProcessing(
            single=["[X]", "$A", "[Y]"], pair=["[X]", "$A", "[Y]", "$B:1", "[Y]:1"],
            special_tokens=[
                {"id": "[X]", "ids": [first], "tokens": [start]},
                {"id": "[Y]", "ids": [last, first], "tokens": [end, start]},
            ],
        )  # fmt: skip
    except ValueError:
        return None
