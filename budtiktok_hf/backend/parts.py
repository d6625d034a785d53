"""The parts of a tokenizer: their bits, their states, whether stock would rebuild them alike."""

import json

from ..fallback import COUNT_OUT_OF_STEP, OUT_OF_STEP
from . import stock

__all__ = [
    "ADDED_TOKENS",
    "BITS",
    "DECODER",
    "LIGHT",
    "MODEL",
    "NORMALIZER",
    "added_tokens",
    "light_json",
    "out_of_step",
    "remember",
    "samples",
    "state",
]

#: As in the native handle.
MODEL, NORMALIZER, PRE_TOKENIZER, POST_PROCESSOR, DECODER, ADDED_TOKENS = 1, 2, 4, 8, 16, 32
BITS = {
    "model": MODEL,
    "normalizer": NORMALIZER,
    "pre_tokenizer": PRE_TOKENIZER,
    "post_processor": POST_PROCESSOR,
    "decoder": DECODER,
}
#: What can be compiled without the model. The decoder takes no part in encoding.
LIGHT = NORMALIZER | PRE_TOKENIZER | POST_PROCESSOR | DECODER | ADDED_TOKENS

#: What of a model can be changed without replacing it. Its vocabulary changes by training only.
MODEL_FLAGS = (
    "dropout",
    "unk_token",
    "continuing_subword_prefix",
    "end_of_word_suffix",
    "fuse_unk",
    "byte_fallback",
    "ignore_merges",
    "max_input_chars_per_word",
    "alpha",
    "nbest_size",
)


def state(name: str, component):
    """What a component is at present, comparable; raises if it is written in Python."""
    if component is None:
        return None
    if name == "model":
        return type(component), tuple(getattr(component, flag, None) for flag in MODEL_FLAGS)
    if name == "post_processor":
        return component.__getstate__(), _shown_counts(component)
    return component.__getstate__()


def remember(tokenizer, handle) -> None:
    """Notes the states of the parts known outside, to be compared with later."""
    exposed, memo = handle.exposed, handle.memo
    for name, bit in BITS.items():
        if exposed & bit:
            try:
                memo[name] = state(name, stock.read(tokenizer, name))
            except Exception:
                memo.pop(name, None)


def samples(model) -> bool:
    """Whether a Unigram model draws its segmentations at random (not written to its JSON)."""
    return getattr(model, "alpha", None) is not None


def added_tokens(tokenizer) -> dict:
    """id -> AddedToken, by id."""
    return dict(sorted(stock.call(tokenizer, "get_added_tokens_decoder").items()))


def light_json(tokenizer, added: dict) -> bytes:
    """A whole tokenizer.json whose model, truncation and padding are null."""
    tokens = [
        {
            "id": id,
            "content": token.content,
            "single_word": token.single_word,
            "lstrip": token.lstrip,
            "rstrip": token.rstrip,
            "normalized": token.normalized,
            "special": token.special,
        }
        for id, token in added.items()
    ]
    fields = [
        '"version":"1.0","truncation":null,"padding":null',
        '"added_tokens":' + json.dumps(tokens, ensure_ascii=False),
    ]
    for name in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        component = stock.read(tokenizer, name)
        written = "null" if component is None else component.__getstate__().decode()
        fields.append(f'"{name}":{written}')
    fields.append('"model":null')
    return ("{" + ",".join(fields) + "}").encode("utf-8", "surrogatepass")


def out_of_step(tokenizer, added: dict) -> str | None:
    """Why loading the tokenizer from its own JSON does not give what the object is now.

    The object keeps ids given when a token was added, texts normalized by the normalizer of that
    time, tokens that were special once, and the number of special tokens that a template had when
    it was made; a model, a normalizer, a token or a template changed since would give others.
    """
    if not (
        _ids_in_step(tokenizer, added)
        and _texts_in_step(tokenizer, added)
        and _specials_in_step(tokenizer, added)
    ):
        return OUT_OF_STEP
    if not _counts_in_step(stock.read(tokenizer, "post_processor")):
        return COUNT_OUT_OF_STEP
    return None


def _ids_in_step(tokenizer, added: dict) -> bool:
    """Gives ids as stock does when it reads the tokens back, in the order of their ids."""
    if not added:
        return True
    model = stock.read(tokenizer, "model")
    size = stock.call(tokenizer, "get_vocab_size", with_added_tokens=False)
    next_id = size
    for id, token in added.items():
        if not token.content:
            return False
        known = model.token_to_id(token.content)
        if known is None:
            known, next_id = next_id, next_id + 1
        if known != id:
            return False
    return len({token.content for token in added.values()}) == len(added)


def _texts_in_step(tokenizer, added: dict) -> bool:
    """Whether the object looks for the texts that its normalizer makes of the added tokens now."""
    normalizer = stock.read(tokenizer, "normalizer")
    normalized = {id: token for id, token in added.items() if token.normalized}
    if normalizer is None and stock.VERSION >= (0, 23) or not normalized:
        return True
    shown = _text_by_id if stock.VERSION >= (0, 23) else _text_by_encoding
    return all(shown(tokenizer, normalizer, id, token) for id, token in normalized.items())


def _text_by_id(tokenizer, normalizer, id: int, token) -> bool:
    """The id's string is the text that was normalized when the token was added."""
    return stock.call(tokenizer, "id_to_token", id) == normalizer.normalize_str(token.content)


def _text_by_encoding(tokenizer, _normalizer, id: int, token) -> bool:
    """Before 0.23 a new normalizer does not reach the texts, and decoding does not show them: the
    token has to be found in its own content, and nothing beside it."""
    if token.lstrip or token.rstrip:
        return False
    encoding = stock.call(tokenizer, "encode", token.content, add_special_tokens=False)
    masked = zip(encoding.ids, encoding.attention_mask, strict=True)
    return [found for found, mask in masked if mask] == [id]


def _specials_in_step(tokenizer, added: dict) -> bool:
    """Whether a token that is not special never was: `encode_special_tokens` remembers those."""
    plain = [id for id, token in added.items() if not token.special]
    if not plain:
        return True
    shown, skipped = (
        stock.call(tokenizer, "decode", plain, skip_special_tokens=skip) for skip in (False, True)
    )
    return shown == skipped


def _shown_counts(post_processor) -> tuple[int, int]:
    """How many special tokens truncation leaves room for: in a single text, in a pair."""
    count = post_processor.num_special_tokens_to_add
    return count(False), count(True)


def _counts_in_step(post_processor) -> bool:
    """Whether a template still adds as many tokens as when it was made."""
    if post_processor is None:
        return True
    written = json.loads(post_processor.__getstate__())
    counts = _written_count(written, "single"), _written_count(written, "pair")
    return counts == _shown_counts(post_processor)


#: Kinds of post-processors that add the same number always: in a single text, in a pair.
_FIXED_COUNTS = {
    "BertProcessing": {"single": 2, "pair": 3},
    "RobertaProcessing": {"single": 2, "pair": 4},
    "ByteLevel": {"single": 0, "pair": 0},
}


def _written_count(written: dict, shape: str) -> int:
    """How many special tokens a post-processor adds if it is made from its JSON."""
    kind = written["type"]
    if kind == "Sequence":
        return sum(_written_count(each, shape) for each in written["processors"])
    if kind != "TemplateProcessing":
        return _FIXED_COUNTS[kind][shape]
    specials = written["special_tokens"]
    pieces = (piece["SpecialToken"]["id"] for piece in written[shape] if "SpecialToken" in piece)
    return sum(len(specials[id]["ids"]) for id in pieces if id in specials)
