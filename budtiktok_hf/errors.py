"""Exceptions of this package. None of them reaches a caller of `transformers` or `tokenizers`."""

__all__ = ["HookError"]


class HookError(RuntimeError):
    """The installed `tokenizers` does not look as expected; stock stays in place."""
