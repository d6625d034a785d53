"""Stand-in of `pad`."""

from .. import _native

__all__ = ["pad"]


def pad(fast=_native.fast_pad):
    def pad(
        self,
        encoded_inputs,
        padding=True,
        max_length=None,
        pad_to_multiple_of=None,
        padding_side=None,
        return_attention_mask=None,
        return_tensors=None,
        verbose=True,
    ):
        return fast(
            self,
            encoded_inputs,
            padding,
            max_length,
            pad_to_multiple_of,
            padding_side,
            return_attention_mask,
            return_tensors,
            verbose,
            None,
        )

    return pad
