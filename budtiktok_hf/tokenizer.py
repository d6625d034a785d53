"""`BudTikTokTokenizerFast`: what `AutoTokenizer` and `PreTrainedTokenizerFast` make, accelerated.

What it makes are objects of the model's own class, not of a subclass: so they pickle, save, print
and hash as stock's, and load where this package is not. `isinstance(tok, BudTikTokTokenizerFast)`
asks whether a tokenizer is accelerated by itself, and so holds for copies too.
"""

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from . import _native
from .constructors import loading
from .hooks import ACCELERATED, backend_of, scope

__all__ = ["BudTikTokTokenizerFast"]


class _Accelerating(type):
    """Accelerates what its classes make."""

    def __call__(cls, *args, **kwargs):
        # `cls` by name does not exist while it is being made; a class of the user's own is used.
        own = cls.__bases__ != (PreTrainedTokenizerFast,)
        with loading():
            if own:
                made = super().__call__(*args, **kwargs)
            else:
                made = PreTrainedTokenizerFast(*args, **kwargs)
            return _accelerated(made)

    def __instancecheck__(cls, instance) -> bool:
        if type.__instancecheck__(cls, instance):
            return True
        if cls.__bases__ != (PreTrainedTokenizerFast,):
            return False
        backend = backend_of(instance)
        return (
            backend is not None
            and backend is not instance
            and _native.mark_of(backend) == ACCELERATED
        )


class BudTikTokTokenizerFast(PreTrainedTokenizerFast, metaclass=_Accelerating):
    """Makes accelerated tokenizers.

    `from_pretrained` gives what `AutoTokenizer.from_pretrained` gives; the constructor, with
    `tokenizer_object=` or `tokenizer_file=`, what `PreTrainedTokenizerFast` gives.
    """

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *inputs, **kwargs):
        if cls is not BudTikTokTokenizerFast:
            return super().from_pretrained(pretrained_model_name_or_path, *inputs, **kwargs)
        with loading():
            made = AutoTokenizer.from_pretrained(pretrained_model_name_or_path, *inputs, **kwargs)
            return _accelerated(made)


def _accelerated(made):
    # A tokenizer of a Python class has no backend: stock serves it.
    if backend_of(made) is not None:
        scope.accelerate(made)
    return made
