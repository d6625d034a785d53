"""Stand-ins of `decode` and `batch_decode`."""

from .. import _native

__all__ = ["batch_decode", "decode"]


def decode(fast=_native.fast_decode):
    def decode(self, token_ids, skip_special_tokens=False, **kwargs):
        return fast(self, token_ids, skip_special_tokens, kwargs)

    return decode


def batch_decode(fast=_native.fast_batch_decode):
    def batch_decode(
        self,
        sequences,
        skip_special_tokens=False,
        clean_up_tokenization_spaces=None,
        **kwargs,
    ):
        return fast(self, sequences, skip_special_tokens, clean_up_tokenization_spaces, kwargs)

    return batch_decode
