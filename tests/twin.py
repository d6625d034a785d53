"""A slow stand-in for the engine: a private stock tokenizer, made from the JSON the engine would
be compiled from and served from the state the engine would be called with.

It makes everything around the engine testable by itself: whatever is stale, forgotten or left out
of the JSON gives another answer than the real object does.
"""

import json

import tokenizers

from budtiktok_hf import _native


class Twin:
    """What an engine is to the hooks. Uses the class's originals, never the hooks."""

    made = 0
    light = 0
    served = 0

    def __init__(self, written: bytes) -> None:
        type(self).made += 1
        self.json = json.loads(written)
        state = {"truncation": None, "padding": None}
        self.tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
        ORIGINALS["__setstate__"](
            self.tokenizer, json.dumps(self.json | state).encode("utf-8", "surrogatepass")
        )

    def with_light_parts(self, light: bytes, live: tuple[list, list]):
        """None where a reload does not give what the object has: only the engine can be told."""
        type(self).light += 1
        made = Twin(json.dumps(json.loads(light) | {"model": self.json["model"]}).encode())
        states, shadowed = live
        written = json.loads(light)["added_tokens"]
        tokens = ORIGINALS["get_added_tokens_decoder"](made.tokenizer)
        same = sorted(tokens) == [token["id"] for token in written] and not shadowed
        for token, (text, special) in zip(written, states, strict=True):
            show = ORIGINALS["id_to_token"](made.tokenizer, token["id"])
            # Whether it was special is seen here as little as by the engine.
            same &= text in (None, show) and special in (None, token["special"])
        return made if same else None

    def _serve(self, state, name: str, arguments):
        for kind in ("truncation", "padding"):
            if kind in state:
                ORIGINALS[f"enable_{kind}"](self.tokenizer, **state[kind])
            else:
                ORIGINALS[f"no_{kind}"](self.tokenizer)
        ORIGINALS["encode_special_tokens"].__set__(self.tokenizer, state["encode_special_tokens"])
        try:
            result = ORIGINALS[name](self.tokenizer, *arguments)
        except TypeError:
            # As the engine does with arguments it does not know.
            return None
        except BaseException as panic:
            if type(panic).__name__ != "PanicException":
                raise
            return None
        type(self).served += 1
        return result

    def encode_one(self, state, sequence, pair, is_pretokenized, add_special_tokens):
        arguments = sequence, pair, is_pretokenized, add_special_tokens
        return self._serve(state, "encode", arguments)

    def encode_many(self, state, inputs, is_pretokenized, add_special_tokens, fast):
        name = "encode_batch_fast" if fast else "encode_batch"
        return self._serve(state, name, (inputs, is_pretokenized, add_special_tokens))


ORIGINALS = dict(vars(tokenizers.Tokenizer))


def install(on: bool) -> None:
    """Makes twins stand in for the engine."""
    Twin.made = Twin.light = Twin.served = 0
    _native.set_twin(Twin if on else None)
