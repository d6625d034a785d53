"""The stand-in of the look-up of many ids."""

from .. import _native

__all__ = ["convert_ids_to_tokens"]


def convert_ids_to_tokens(fast=_native.fast_ids_to_tokens):
    def convert_ids_to_tokens(self, ids, skip_special_tokens=False):
        return fast(self, ids, skip_special_tokens, None)

    return convert_ids_to_tokens
