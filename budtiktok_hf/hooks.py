"""The one table of hooks, and when they are in.

A hook is (owner, attribute, role); the native module makes the replacement, of the same kind as
the original and indistinguishable from it, and does what the role says. Hooks go in when first
needed, never at import, and come out, object by object, when nobody needs them.

One mechanism, two scopes. Under `patch()` the hooks serve every tokenizer but those restored;
otherwise only those that carry the mark of `accelerate`, and all others go straight on to stock.
When the last marked tokenizer is restored the hooks come out. When it is merely gone they stay
until the next `restore` or `unpatch`: encodings it made may be alive, and stock's own methods
take those through the hooks only.
"""

import importlib
import json
import os
import sys
import threading
from contextlib import contextmanager
from types import ModuleType
from typing import NamedTuple

from .errors import HookError
from .fallback import logger

__all__ = ["Scope", "backend_of", "disabled", "scope"]

#: Versions of `tokenizers` (major, minor) this was tested with.
TESTED = {(0, 22), (0, 23)}

#: Without these attributes, or with other kinds of them, nothing is hooked.
_ESSENTIAL = ("encode", "encode_batch", "enable_truncation", "enable_padding", "model")

#: What the parameters of the methods served by the engine have to be.
_SIGNATURES = {
    "encode": "(self, sequence, pair=None, is_pretokenized=False, add_special_tokens=True)",
    "encode_batch": "(self, input, is_pretokenized=False, add_special_tokens=True)",
    "encode_batch_fast": "(self, input, is_pretokenized=False, add_special_tokens=True)",
    "decode": "(self, ids, skip_special_tokens=True)",
    "decode_batch": "(self, sequences, skip_special_tokens=True)",
}

_TOKENIZER = {
    "encode": "encode",
    "encode_batch": "encode_batch",
    "encode_batch_fast": "encode_batch_fast",
    "async_encode": "async_encode",
    "async_encode_batch": "async_encode_batch",
    "async_encode_batch_fast": "async_encode_batch_fast",
    "from_str": "from_str",
    "from_buffer": "from_buffer",
    "from_file": "from_file",
    "from_pretrained": "from_pretrained",
    "__setstate__": "set_state",
    "__getstate__": "get_state",
    "post_process": "to_stock",
    "add_tokens": "add_tokens",
    "add_special_tokens": "add_special_tokens",
    "train": "train",
    "train_from_iterator": "train",
    "enable_truncation": "state",
    "no_truncation": "state",
    "enable_padding": "state",
    "no_padding": "state",
    "encode_special_tokens": "state",
    "model": "model",
    "normalizer": "normalizer",
    "pre_tokenizer": "pre_tokenizer",
    "post_processor": "post_processor",
    "decoder": "decoder",
    "decode": "decode",
    "decode_batch": "decode_batch",
    "async_decode_batch": "async_decode_batch",
    "get_vocab": "vocab",
}

#: Before 0.23 stock copies its whole vocabulary to count it; since then it counts faster than a
#: hook finds an engine.
_BEFORE_0_23 = {"get_vocab_size": "vocab_size"}

_STREAM = {"step": "stream_step", "__copy__": "stream_copy", "__deepcopy__": "stream_copy"}

#: Marks, as in the native handle.
UNMARKED, ACCELERATED, RESTORED = 0, 1, 2

#: In the place of an original that the class does not have.
_ABSENT = object()

#: Modules whose classes hold components, which tokenizers may share.
_COMPONENTS = ("models", "normalizers", "pre_tokenizers", "processors", "decoders")


class _Hook(NamedTuple):
    owner: type | ModuleType
    name: str
    role: str


class _Placed(NamedTuple):
    hook: _Hook
    original: object
    replacement: object


def _table() -> list[_Hook]:
    """Every hook that fits the installed `tokenizers`."""
    tokenizers = importlib.import_module("tokenizers")
    from .backend.stock import VERSION

    rows = _TOKENIZER if VERSION >= (0, 23) else _TOKENIZER | _BEFORE_0_23
    table = [_Hook(tokenizers.Tokenizer, name, role) for name, role in rows.items()]
    table.append(_Hook(tokenizers.Encoding, "merge", "to_stock"))
    stream = tokenizers.decoders.DecodeStream
    table += [_Hook(stream, name, role) for name, role in _STREAM.items()]
    for module in (getattr(tokenizers, name) for name in _COMPONENTS):
        for owner in vars(module).values():
            if isinstance(owner, type) and owner.__module__ == module.__name__:
                table += [_Hook(owner, name, "component") for name in _mutators(owner)]
    table.append(_Hook(tokenizers.processors.PostProcessor, "process", "to_stock"))
    parity = getattr(tokenizers.trainers, "ParityBpeTrainer", None)
    if parity is not None:
        table.append(_Hook(parity, "train_from_iterator", "train"))
    table = [hook for hook in table if hook.name in vars(hook.owner)]
    # Classes without an `__init__` of their own; somebody else's stays as it is.
    watched = ((tokenizers.Tokenizer, "tokenizer_init"), (stream, "stream_init"))
    table += [
        _Hook(owner, "__init__", role) for owner, role in watched if "__init__" not in vars(owner)
    ]
    return table


def _models() -> list[type]:
    """Classes whose construction is watched."""
    models = importlib.import_module("tokenizers").models
    return [models.BPE, models.Unigram, models.WordLevel, models.WordPiece]


def _mutators(owner: type):
    """Names of the attributes through which a component's state can be changed."""
    for name, value in vars(owner).items():
        settable = hasattr(type(value), "__set__") and name not in ("__dict__", "__weakref__")
        if settable or name in ("__setitem__", "__delitem__", "__setstate__"):
            yield name


def _check(table: list[_Hook]) -> None:
    """Raises `HookError` unless the installed classes are what the hooks were written for."""
    import tokenizers

    from .backend.stock import VERSION

    found = {hook.name for hook in table if hook.owner is tokenizers.Tokenizer}
    missing = [name for name in _ESSENTIAL if name not in found]
    if missing:
        raise HookError(f"tokenizers {tokenizers.__version__} has no {', '.join(missing)}")
    for name, expected in _SIGNATURES.items():
        original = vars(tokenizers.Tokenizer).get(name)
        signature = getattr(original, "__text_signature__", None)
        # A wrapper put there by somebody else has no text signature.
        if signature is not None and signature.replace("$self", "self") != expected:
            raise HookError(f"Tokenizer.{name} of tokenizers {tokenizers.__version__} differs")
    if VERSION[:2] not in TESTED:
        logger.info("tokenizers %s was never tested, but looks as expected", VERSION)


class Scope:
    """Who wants the hooks in: `patch()` once, every `with patched()` that is inside, and every
    tokenizer accelerated by itself."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._patched = False
        self._depth = 0
        self._held = 0
        #: Whether the hooks went in for those who hold them.
        self._fresh = False
        self._placed: list[_Placed] = []
        #: Whether the calls of transformers are still to be hooked.
        self._awaits_transformers = False
        #: (owner, name, id of the original) -> what was made for it: a replacement is never
        #: freed, so it is used again.
        self._made: dict[tuple[type, str, int], _Placed] = {}

    def is_active(self) -> bool:
        """Whether the hooks are in, for all or for some."""
        return bool(self._placed)

    def is_patched(self) -> bool:
        return bool(self._placed) and self._serves_every()

    def _serves_every(self) -> bool:
        return self._patched or self._depth > 0

    def patch(self) -> None:
        if disabled():
            return
        with self._lock:
            self._patched = True
            self._update()

    def unpatch(self) -> None:
        with self._lock:
            self._patched = False
            self._update()

    def enter(self) -> bool:
        """True if it has to be left again."""
        if disabled():
            return False
        with self._lock:
            self._depth += 1
            self._update()
        return True

    def leave(self) -> None:
        with self._lock:
            self._depth -= 1
            self._update()

    def accelerate(self, tokenizer) -> None:
        backend = _backend_of(tokenizer, "accelerate")
        if backend is None:
            return
        from . import _native

        with self._lock:
            _native.set_mark(backend, ACCELERATED)
            self._update(out=False)

    def restore(self, tokenizer) -> None:
        backend = _backend_of(tokenizer, "restore")
        if backend is None:
            return
        from . import _native

        with self._lock:
            if self.is_patched():
                _native.set_mark(backend, RESTORED)
            elif _native.mark_of(backend) != UNMARKED:
                _native.set_mark(backend, UNMARKED)
            self._update()

    @contextmanager
    def held(self):
        """The hooks are in, though they may serve nobody yet."""
        with self._lock:
            self._fresh = self._fresh or not self.is_active()
            self._held += 1
            self._update()
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                if self._held == 0:
                    # Nothing may have come of it.
                    self._update(out=self._fresh)
                    self._fresh = False

    def _update(self, out: bool = True) -> None:
        """Puts the hooks in if they are wanted; takes them out if they are not and `out` is true."""
        from . import _native

        every = self._serves_every()
        some = self._held > 0 or _native.accelerated() > 0
        wanted = every or (some and not disabled())
        _native.serve_every(every)
        if wanted and not self._placed:
            try:
                self._put_in()
            except Exception as error:
                self._take_out()
                logger.info("stock stays in place: %s", error)
        elif out and not wanted and self._placed:
            self._take_out()

    def _put_in(self) -> None:
        import tokenizers

        from . import _native, canary
        from .backend import json_files, seam, stock

        canary.begin()
        table = _table()
        _check(table)
        ready = [self._prepare(hook) for hook in table]
        originals = {p.hook.name: p.original for p in ready if p.hook.owner is tokenizers.Tokenizer}
        for name, original in originals.items():
            stock.adopt(name, original)
        from_buffer = originals["from_buffer"].__get__(None, tokenizers.Tokenizer)
        _native.set_backend(seam, tokenizers.Tokenizer, from_buffer, stock.VERSION)
        for placed in ready:
            setattr(placed.hook.owner, placed.hook.name, placed.replacement)
            self._placed.append(placed)
        for model in _models():
            _native.watch_construction(model)
        for module in json_files.readers():
            module.json = json_files.standing_in
            hook = _Hook(module, "json", "json")
            self._placed.append(_Placed(hook, json, json_files.standing_in))
        _native.activate()
        self._awaits_transformers = True
        self.complete()

    def complete(self) -> None:
        """Hooks the calls of transformers, if that has been imported since."""
        from . import _native

        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._placed and self._awaits_transformers:
                self._complete()
        except Exception as error:
            self._awaits_transformers = False
            _native.await_transformers(False)
            logger.info("transformers' own code calls the engine: %s", error)
        finally:
            self._lock.release()

    def _complete(self) -> None:
        from . import _native
        from .calls import table

        hooks = table.prepare()
        self._awaits_transformers = hooks is None
        _native.await_transformers(self._awaits_transformers)
        for owner, name, original, replacement in hooks or ():
            setattr(owner, name, replacement)
            self._placed.append(_Placed(_Hook(owner, name, "call"), original, replacement))

    def _prepare(self, hook: _Hook) -> _Placed:
        from . import _native

        original = vars(hook.owner).get(hook.name, _ABSENT)
        key = hook.owner, hook.name, id(original)
        made = self._made.get(key)
        if made is None:
            try:
                if original is _ABSENT:
                    replacement = _native.watching_init(hook.owner, hook.role)
                else:
                    replacement = _native.replacement(hook.owner, hook.name, original, hook.role)
            except (TypeError, RuntimeError) as error:
                raise HookError(f"{hook.owner.__name__}.{hook.name}: {error}") from error
            # Holds the original, so that its id stays its own.
            made = self._made[key] = _Placed(hook, original, replacement)
        return made

    def _take_out(self) -> None:
        if not self._placed:
            return
        from . import _native
        from .backend import made

        _native.deactivate()
        for model in _models():
            _native.unwatch_construction(model)
        made.forget()
        for owner, name, original, replacement in (
            (p.hook.owner, p.hook.name, p.original, p.replacement) for p in reversed(self._placed)
        ):
            # What somebody else has put there since stays.
            if vars(owner).get(name) is replacement:
                if original is _ABSENT:
                    delattr(owner, name)
                else:
                    setattr(owner, name, original)
        self._placed.clear()
        self._awaits_transformers = False
        _native.await_transformers(False)

    def after_fork(self) -> None:
        """Another thread of the parent may have held the lock."""
        self._lock = threading.RLock()


scope = Scope()


def backend_of(tokenizer):
    """The `tokenizers.Tokenizer` behind a tokenizer of either library; None if there is none."""
    tokenizers = sys.modules.get("tokenizers")
    if tokenizers is None:
        return None
    if isinstance(tokenizer, tokenizers.Tokenizer):
        return tokenizer
    backend = getattr(tokenizer, "_tokenizer", None)
    return backend if isinstance(backend, tokenizers.Tokenizer) else None


def _backend_of(tokenizer, verb: str):
    """As `backend_of`; raises `TypeError` for what is no tokenizer at all."""
    backend = backend_of(tokenizer)
    if backend is None:
        base = sys.modules.get("transformers.tokenization_utils_base")
        if base is None or not isinstance(tokenizer, base.PreTrainedTokenizerBase):
            raise TypeError(f"cannot {verb} {type(tokenizer).__name__!r}: not a tokenizer")
        logger.info("stock serves a %s: no Rust backend", type(tokenizer).__name__)
    return backend


def disabled() -> bool:
    """Whether `BUDTIKTOK_DISABLE=1` closes every door."""
    return os.environ.get("BUDTIKTOK_DISABLE", "") not in ("", "0")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=scope.after_fork)
