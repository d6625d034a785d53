"""The parts of a tokenizer: their bits, their states, what their JSON does not show."""

import json

from ..fallback import COUNT_OUT_OF_STEP, OUT_OF_STEP, PYTHON_DECODER
from . import stock

__all__ = [
    "ADDED_TOKENS",
    "ALL",
    "BITS",
    "DECODER",
    "MODEL",
    "NORMALIZER",
    "added_tokens",
    "light_json",
    "live",
    "out_of_step",
    "python_decoder",
    "remember",
    "samples",
    "special_contents",
    "state",
    "undecodable",
]

#: As in the native handle.
MODEL, NORMALIZER, PRE_TOKENIZER, POST_PROCESSOR, DECODER, ADDED_TOKENS = 1, 2, 4, 8, 16, 32
ALL = 63
BITS = {
    "model": MODEL,
    "normalizer": NORMALIZER,
    "pre_tokenizer": PRE_TOKENIZER,
    "post_processor": POST_PROCESSOR,
    "decoder": DECODER,
}

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
    if name == "decoder":
        return _decoder_json(component)
    if name == "post_processor":
        return component.__getstate__(), _shown_counts(component)
    return component.__getstate__()


def _decoder_json(decoder) -> bytes | None:
    """None for no decoder, and for one written in Python (see `undecodable`)."""
    try:
        return None if decoder is None else decoder.__getstate__()
    except Exception:
        return None


def python_decoder(tokenizer) -> bool:
    decoder = stock.read(tokenizer, "decoder")
    return decoder is not None and _decoder_json(decoder) is None


def undecodable(tokenizer) -> str | None:
    """Why the engine cannot decode what it can encode."""
    return PYTHON_DECODER if python_decoder(tokenizer) else None


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
        if name == "decoder":
            shown = _decoder_json(component)
        else:
            shown = None if component is None else component.__getstate__()
        written = "null" if shown is None else shown.decode()
        fields.append(f'"{name}":{written}')
    fields.append('"model":null')
    return ("{" + ",".join(fields) + "}").encode("utf-8", "surrogatepass")


def special_contents(handle) -> set[str]:
    """Contents seen to be added as special tokens. What happened while nobody watched may be
    anything: then it starts anew."""
    memo, generation = handle.memo, handle.moment()[0]
    if memo.get("special_contents", (None,))[0] != generation:
        memo["special_contents"] = generation, set()
        memo.pop("specials_known", None)
    return memo["special_contents"][1]


def live(tokenizer, added: dict, specials: set[str] | None) -> tuple[list, list]:
    """What JSON does not show of added tokens: of each its text and whether it is known as
    special (None: not seen); then (content, id) of those whose id has become another token's.

    `specials`: the contents of all that are or were, if they are known."""
    states = []
    for id, token in added.items():
        # Before 0.23 the texts do not show; they are in step with the normalizer then.
        text = stock.call(tokenizer, "id_to_token", id) if stock.VERSION >= (0, 23) else None
        special: bool | None = token.special
        if specials is not None:
            special = special or token.content in specials
        elif not special:
            special = _known_as_special(tokenizer, id, text in (None, token.content))
        states.append((text, special))
    return states, _shadowed(tokenizer, added)


def _known_as_special(tokenizer, id: int, shows_content: bool) -> bool | None:
    """Whether a token that is not special was: `encode_special_tokens` remembers the content.

    Decoding shows it, if the id's string is the content and the decoder leaves anything of it.
    """
    if not shows_content or not stock.call(tokenizer, "decode", [id], skip_special_tokens=False):
        return None
    return not stock.call(tokenizer, "decode", [id], skip_special_tokens=True)


def _shadowed(tokenizer, added: dict) -> list[tuple[str, int]]:
    if not added:
        return []
    model = stock.read(tokenizer, "model")
    contents = {token.content for token in added.values()}
    size, all_size = (
        stock.call(tokenizer, "get_vocab_size", with_added_tokens=both) for both in (False, True)
    )
    if all_size == size + sum(model.token_to_id(content) is None for content in contents):
        return []
    vocab = stock.call(tokenizer, "get_vocab", with_added_tokens=True)
    of_model = stock.call(tokenizer, "get_vocab", with_added_tokens=False)
    return [
        (content, id)
        for content, id in vocab.items()
        if content not in contents and of_model.get(content) != id
    ]


def out_of_step(tokenizer, handle, added: dict) -> str | None:
    """Why the engine cannot be what the object is now, though its parts can be written.

    The object keeps texts normalized by the normalizer of the time a token was added, and the
    number of special tokens that a template had when it was made.
    """
    if not _texts_in_step(tokenizer, handle, added):
        return OUT_OF_STEP
    if not _counts_in_step(stock.read(tokenizer, "post_processor")):
        return COUNT_OUT_OF_STEP
    return None


def _texts_in_step(tokenizer, handle, added: dict) -> bool:
    """Whether it is known which texts the object looks for."""
    if stock.VERSION >= (0, 23):
        return True
    # Texts do not show, so nothing may have happened that a reload would not repeat.
    return (
        _ids_in_step(tokenizer, added)
        and not _entangled(handle.memo.get("added_contents", []), added)
        and all(
            _text_by_encoding(tokenizer, id, token)
            for id, token in added.items()
            if token.normalized
        )
    )


def _entangled(late: list[str], added: dict) -> bool:
    """Whether tokens added by calls, `late`, repeat others, lie in others or are white space: stock
    goes on matching some of those as it did before they came."""
    if len(set(late)) < len(late) or not all(content.strip() for content in late):
        return True
    others = [token.content for token in added.values()]
    return any(
        content != other and (content.strip() in other or other.strip() in content)
        for content in late
        for other in others
    )


def _ids_in_step(tokenizer, added: dict) -> bool:
    """Gives ids as stock does when it reads the tokens back, in the order of their ids."""
    model = stock.read(tokenizer, "model")
    next_id = stock.call(tokenizer, "get_vocab_size", with_added_tokens=False)
    for id, token in added.items():
        if not token.content:
            return False
        known = model.token_to_id(token.content)
        if known is None:
            known, next_id = next_id, next_id + 1
        if known != id or model.id_to_token(id) not in (None, token.content):
            return False
    return len({token.content for token in added.values()}) == len(added)


def _text_by_encoding(tokenizer, id: int, token) -> bool:
    """Before 0.23 a new normalizer does not reach the texts, and decoding does not show them: the
    token has to be found in its own content, and nothing beside it."""
    if token.lstrip or token.rstrip:
        return False
    encoding = stock.call(tokenizer, "encode", token.content, add_special_tokens=False)
    masked = zip(encoding.ids, encoding.attention_mask, strict=True)
    return [found for found, mask in masked if mask] == [id]


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
