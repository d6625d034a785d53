"""Stand-ins of the encoding methods: stock's signatures around one native call."""

from .. import _native

__all__ = ["call", "encode", "encode_plus", "tokenize"]


def call(fast=_native.fast_call):
    def __call__(
        self,
        text=None,
        text_pair=None,
        text_target=None,
        text_pair_target=None,
        add_special_tokens=True,
        padding=False,
        truncation=None,
        max_length=None,
        stride=0,
        is_split_into_words=False,
        pad_to_multiple_of=None,
        padding_side=None,
        return_tensors=None,
        return_token_type_ids=None,
        return_attention_mask=None,
        return_overflowing_tokens=False,
        return_special_tokens_mask=False,
        return_offsets_mapping=False,
        return_length=False,
        verbose=True,
        tokenizer_kwargs=None,
        **kwargs,
    ):
        return fast(
            self,
            text,
            text_pair,
            text_target,
            text_pair_target,
            add_special_tokens,
            padding,
            truncation,
            max_length,
            stride,
            is_split_into_words,
            pad_to_multiple_of,
            padding_side,
            return_tensors,
            return_token_type_ids,
            return_attention_mask,
            return_overflowing_tokens,
            return_special_tokens_mask,
            return_offsets_mapping,
            return_length,
            verbose,
            tokenizer_kwargs,
            kwargs,
        )

    return __call__


def encode_plus(fast=_native.fast_encode_plus):
    def _encode_plus(
        self,
        text,
        text_pair=None,
        add_special_tokens=True,
        padding_strategy=None,
        truncation_strategy=None,
        max_length=None,
        stride=0,
        is_split_into_words=False,
        pad_to_multiple_of=None,
        padding_side=None,
        return_tensors=None,
        return_token_type_ids=None,
        return_attention_mask=None,
        return_overflowing_tokens=False,
        return_special_tokens_mask=False,
        return_offsets_mapping=False,
        return_length=False,
        verbose=True,
        split_special_tokens=None,
        **kwargs,
    ):
        return fast(
            self,
            text,
            text_pair,
            add_special_tokens,
            padding_strategy,
            truncation_strategy,
            max_length,
            stride,
            is_split_into_words,
            pad_to_multiple_of,
            padding_side,
            return_tensors,
            return_token_type_ids,
            return_attention_mask,
            return_overflowing_tokens,
            return_special_tokens_mask,
            return_offsets_mapping,
            return_length,
            verbose,
            split_special_tokens,
            kwargs,
        )

    return _encode_plus


def encode(fast=_native.fast_encode):
    def encode(
        self,
        text,
        text_pair=None,
        add_special_tokens=True,
        padding=False,
        truncation=None,
        max_length=None,
        stride=0,
        padding_side=None,
        return_tensors=None,
        **kwargs,
    ):
        return fast(
            self,
            text,
            text_pair,
            add_special_tokens,
            padding,
            truncation,
            max_length,
            stride,
            padding_side,
            return_tensors,
            kwargs,
        )

    return encode


def tokenize(fast=_native.fast_tokenize):
    def tokenize(self, text, pair=None, add_special_tokens=False, **kwargs):
        return fast(self, text, pair, add_special_tokens, kwargs)

    return tokenize
