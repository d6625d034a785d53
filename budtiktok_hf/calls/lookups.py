"""Stand-ins of the look-ups of many ids or tokens."""

from .. import _native

__all__ = ["convert_ids_to_tokens", "convert_tokens_to_ids"]


def convert_ids_to_tokens(fast=_native.fast_ids_to_tokens):
    def convert_ids_to_tokens(self, ids, skip_special_tokens=False):
        return fast(self, ids, skip_special_tokens, None)

    return convert_ids_to_tokens


def convert_tokens_to_ids(fast=_native.fast_tokens_to_ids):
    def convert_tokens_to_ids(self, tokens):
        return fast(self, tokens, None)

    return convert_tokens_to_ids
