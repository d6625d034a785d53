"""The calls of transformers that have fast paths, and what each relies on."""

import inspect
import sys
from types import FunctionType, ModuleType
from typing import NamedTuple

from .. import _native
from ..fallback import logger
from . import decode, encode, guards, lookups, pad

__all__ = ["prepare"]

#: Versions of transformers (major, minor) whose code the fast paths stand for.
KNOWN = {(5, 23)}

_BASE = "transformers.tokenization_utils_base"
_FAST = "transformers.tokenization_utils_tokenizers"


class Hook(NamedTuple):
    owner: type
    name: str
    original: object
    replacement: object


class _Call(NamedTuple):
    #: Name of the class that has the method.
    owner: str
    name: str
    #: The native side's name of it.
    family: str
    make: object
    #: Names that the class and the instance must have as stock has them.
    methods: tuple[str, ...] = ()
    #: Names that only the class is asked for.
    others: tuple[str, ...] = ()


_READS = ("__getattribute__", "__getattr__")
_PAD_TOKEN = ("pad_token", "pad_token_id", "pad_token_type_id")
_IDS = ("convert_tokens_to_ids", "_convert_token_to_id_with_added_voc")
_ENCODE = (
    "set_truncation_and_padding",
    "_convert_encoding",
    "_eventual_warn_about_too_long_sequence",
    *_IDS,
    *_PAD_TOKEN,
)
_STRATEGIES = ("_get_padding_truncation_strategies",)
_MODES = ("_switch_to_input_mode", "_switch_to_target_mode")

_CALLS = (
    _Call(
        "PreTrainedTokenizerBase",
        "__call__",
        "call",
        encode.call,
        (*_STRATEGIES, "_encode_plus", *_ENCODE, *_MODES),
        _READS,
    ),
    _Call("TokenizersBackend", "_encode_plus", "encode_plus", encode.encode_plus, _ENCODE, _READS),
    _Call(
        "PreTrainedTokenizerBase",
        "encode",
        "encode",
        encode.encode,
        (*_STRATEGIES, "_encode_plus", *_ENCODE),
        _READS,
    ),
    _Call(
        "TokenizersBackend",
        "tokenize",
        "tokenize",
        encode.tokenize,
        ("_encode_plus", *_ENCODE),
        _READS,
    ),
    _Call(
        "PreTrainedTokenizerBase",
        "pad",
        "pad",
        pad.pad,
        (*_STRATEGIES, "_pad", *_IDS, *_PAD_TOKEN),
        _READS,
    ),
    _Call(
        "TokenizersBackend",
        "convert_ids_to_tokens",
        "ids_to_tokens",
        lookups.convert_ids_to_tokens,
        (),
        _READS,
    ),
    _Call(
        "PreTrainedTokenizerBase",
        "convert_tokens_to_ids",
        "tokens_to_ids",
        lookups.convert_tokens_to_ids,
        (*_IDS, "unk_token", "unk_token_id"),
        _READS,
    ),
    _Call(
        "PreTrainedTokenizerBase",
        "decode",
        "decode",
        decode.decode,
        ("_decode", "backend_tokenizer"),
        _READS,
    ),
    _Call(
        "PreTrainedTokenizerBase",
        "batch_decode",
        "batch_decode",
        decode.batch_decode,
        ("decode", "_decode", "backend_tokenizer"),
        _READS,
    ),
)

#: Attributes of an instance that the fast paths read.
_FIELDS = (
    "_tokenizer",
    "model_max_length",
    "padding_side",
    "truncation_side",
    "model_input_names",
    "split_special_tokens",
    "_special_tokens_map",
    "_pad_token_type_id",
    "deprecation_warnings",
    "clean_up_tokenization_spaces",
)

_BATCH_ENCODING = (
    "__init__",
    "__getitem__",
    "__getattr__",
    "convert_to_tensors",
    "tokens",
)


def prepare() -> list[Hook] | None:
    """The hooks to put in; None as long as transformers is not imported."""
    base, fast = sys.modules.get(_BASE), sys.modules.get(_FAST)
    classes = {
        "PreTrainedTokenizerBase": getattr(base, "PreTrainedTokenizerBase", None),
        "TokenizersBackend": getattr(fast, "TokenizersBackend", None),
    }
    if None in classes.values():
        return None
    import transformers

    version = tuple(int(part) for part in transformers.__version__.split(".")[:2])
    if version not in KNOWN:
        logger.info("transformers %s: its own code calls the engine", transformers.__version__)
        return []
    hooks = {}
    for call in _CALLS:
        owner = classes[call.owner]
        original = vars(owner).get(call.name)
        if original is not None and guards.is_stock(original, sys.modules[owner.__module__]):
            replacement = _replacement(call, original)
            if replacement is not None:
                hooks[call] = Hook(owner, call.name, original, replacement)
    _tell(base, fast, classes, hooks)
    return list(hooks.values())


#: Replacements made, by their original: a bound method of one may outlive its hook.
_made: dict[object, FunctionType] = {}


def _replacement(call: _Call, original: FunctionType) -> FunctionType | None:
    """A function like the original, if that has the parameters the native side knows."""
    made = _made.get(original)
    if made is None:
        made = call.make()
        if _parameters(made) != _parameters(original):
            logger.info("%s of transformers has other parameters", call.name)
            return None
        for name in ("__module__", "__qualname__", "__doc__", "__defaults__", "__kwdefaults__"):
            setattr(made, name, getattr(original, name))
        made.__annotations__ = dict(original.__annotations__)
        made.__dict__.update(original.__dict__)
        _made[original] = made
    return made


def _parameters(function) -> list[tuple[str, object]]:
    return [(name, p.kind) for name, p in inspect.signature(function).parameters.items()]


def _tell(base: ModuleType, fast: ModuleType, classes: dict, hooks: dict[_Call, Hook]) -> None:
    """Tells the native side what it stands for."""
    import numpy
    import tokenizers

    tokenizer = guards.Watch()
    replaced = {hook.name: (hook.original, hook.replacement) for hook in hooks.values()}
    names = {name for call in hooks for name in (*call.methods, *call.others)}
    names.add("clean_up_tokenization")
    for name in sorted(names):
        accepted = _stock_value(name, (base, fast), classes)
        tokenizer.name(name, *(replaced.get(name, ()) or accepted))
    plain = tokenizer.question(guards.plain_fields(_FIELDS))
    plain |= tokenizer.question(_special_token_names(classes["PreTrainedTokenizerBase"]))
    enums = ("BatchEncoding", "PaddingStrategy", "TruncationStrategy")
    plain |= tokenizer.question(guards.same_globals(fast, enums))
    plain |= tokenizer.question(
        guards.same_globals(base, (*enums, "TensorType", "LARGE_INTEGER", "VERY_LARGE_INTEGER"))
    )

    batch = guards.Watch()
    for name in _BATCH_ENCODING:
        value = vars(base.BatchEncoding).get(name)
        batch.name(name, value if guards.is_stock(value, base) else object())
    batch.name("__new__", object.__new__)
    batch.name("__setattr__", object.__setattr__)
    batch.name("__getattribute__", object.__getattribute__)
    batch.name("__setitem__", vars(base.UserDict)["__setitem__"])
    batch.question(guards.plain_fields(("data", "_encodings", "_n_sequences")))

    backend = guards.Watch()
    for name in (
        "encode_batch",
        "enable_truncation",
        "no_truncation",
        "enable_padding",
        "no_padding",
        "truncation",
        "padding",
        "encode_special_tokens",
        "token_to_id",
        "id_to_token",
    ):
        backend.name(name, vars(tokenizers.Tokenizer)[name])
    encodes = backend.whole()
    for name in ("decode", "decode_batch"):
        backend.name(name, vars(tokenizers.Tokenizer)[name])
    watches = tokenizer, batch, backend

    def survey(kind: int, cls: type) -> int:
        return watches[kind].survey(cls)

    def calls():
        for call, hook in hooks.items():
            mask = plain | tokenizer.mask((*call.methods, *call.others))
            yield call.family, (hook.original, mask, list(call.methods))

    padding, truncation, tensors = base.PaddingStrategy, base.TruncationStrategy, base.TensorType
    _native.set_calls(
        {
            "survey": survey,
            "backend": tokenizers.Tokenizer,
            "backend_class": encodes,
            "backend_decodes": backend.mask(("decode", "decode_batch")),
            "clean_up": tokenizer.mask(("clean_up_tokenization",)),
            "batch_encoding": base.BatchEncoding,
            "batch_encoding_class": batch.whole(),
            "added_token": tokenizers.AddedToken,
            "members": {
                "longest": padding.LONGEST,
                "max_length": padding.MAX_LENGTH,
                "do_not_pad": padding.DO_NOT_PAD,
                "longest_first": truncation.LONGEST_FIRST,
                "only_first": truncation.ONLY_FIRST,
                "only_second": truncation.ONLY_SECOND,
                "do_not_truncate": truncation.DO_NOT_TRUNCATE,
                "pt": tensors.PYTORCH,
                "np": tensors.NUMPY,
            },
            "int64": numpy.asarray([1]).dtype == numpy.int64,
            "torch": guards.torch,
            "calls": dict(calls()),
        }
    )


def _stock_value(name: str, modules: tuple[ModuleType, ...], classes: dict) -> tuple:
    """What counts as stock's own at a name: nothing if stock has nothing there."""
    if name == "__getattribute__":
        return (object.__getattribute__,)
    found = [vars(cls)[name] for cls in classes.values() if name in vars(cls)]
    ours = [value for value in found if any(guards.is_stock(value, m) for m in modules)]
    if found and not ours:
        # Replaced by somebody: no class has stock's own.
        return (object(),)
    # The backend's own stands before that of the base.
    return tuple(ours[-1:])


def _special_token_names(base: type):
    names = tuple(base.SPECIAL_TOKENS_ATTRIBUTES)

    def same(cls: type) -> bool:
        own = getattr(cls, "SPECIAL_TOKENS_ATTRIBUTES", ())
        return tuple(own) == names and "pad_token" in names

    return same
