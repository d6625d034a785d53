"""What a fast path replaces, and whether a class still has it as transformers made it.

A fast path stands for a whole method and for all that the method calls. A class that changes one
of these gets stock's code. The native side remembers a survey by the class's version tag, which
the interpreter changes with every change of the class or of a base; what a tag does not show
(globals of modules, lists of a class) is looked at in the survey itself.
"""

import os
import sys
from types import FunctionType, ModuleType

__all__ = ["Watch", "is_stock", "torch"]

_MISSING = object()


def is_stock(function, module: ModuleType) -> bool:
    """Whether a function, or a property's, was written in this module's file."""
    function = getattr(function, "fget", function)
    if not isinstance(function, FunctionType) or not getattr(module, "__file__", None):
        return False
    return os.path.abspath(function.__code__.co_filename) == os.path.abspath(module.__file__)


class Watch:
    """Bits for what a class has as stock made it."""

    def __init__(self) -> None:
        #: name -> (bit, objects that count as stock's).
        self._names: dict[str, tuple[int, tuple]] = {}
        #: (bit, question about the class).
        self._questions: list[tuple[int, object]] = []
        self._used = 0

    def _bit(self) -> int:
        self._used += 1
        return 1 << (self._used - 1)

    def name(self, name: str, *accepted) -> None:
        """The class finds one of these at `name`; nothing at all if none is given."""
        if name in self._names:
            bit, known = self._names[name]
            self._names[name] = bit, known + accepted
        else:
            self._names[name] = self._bit(), accepted

    def question(self, question) -> int:
        """A bit for what `question(cls)` says."""
        bit = self._bit()
        self._questions.append((bit, question))
        return bit

    def mask(self, names) -> int:
        return sum(self._names[name][0] for name in names)

    def whole(self) -> int:
        return (1 << self._used) - 1

    def survey(self, cls: type) -> int:
        found = 0
        for name, (bit, accepted) in self._names.items():
            value = find(cls, name)
            if value is _MISSING if not accepted else any(value is one for one in accepted):
                found |= bit
        for bit, question in self._questions:
            if question(cls):
                found |= bit
        return found


def find(cls: type, name: str):
    """What the class's bases and itself have at `name`, as attribute access finds it."""
    for base in cls.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return _MISSING


def plain_fields(names):
    """A question: whether instances can hold these names in their own `__dict__`."""

    def plain(cls: type) -> bool:
        return not any(hasattr(type(find(cls, name)), "__set__") for name in names)

    return plain


def same_globals(module: ModuleType, names):
    """A question: whether a module still means the same by these names."""
    known = {name: vars(module).get(name, _MISSING) for name in names}

    def same(cls: type) -> bool:
        return all(vars(module).get(name, _MISSING) is value for name, value in known.items())

    return same


def torch():
    """(LongTensor, functions that are falsy while nothing intercepts torch); None without torch."""
    module = sys.modules.get("torch")
    base = sys.modules.get("transformers.tokenization_utils_base")
    if module is None or base is None or not base.is_torch_available():
        return None
    try:
        core = module._C
        interceptors = [
            core._len_torch_function_stack,
            core._len_torch_dispatch_stack,
            core._is_tracing,
        ]
        functorch = getattr(core, "_functorch", None)
        if functorch is not None:
            interceptors.append(functorch.peek_interpreter_stack)
        return module.LongTensor, interceptors
    except AttributeError:
        # Another torch, or one that is being imported at this moment.
        return None
