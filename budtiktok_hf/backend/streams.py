"""Stock's `DecodeStream`, brought to a given state.

A stream keeps ids, the text it gave last (its prefix) and how many of the ids gave it. Nothing but
`step` changes them, by what a tokenizer makes of the ids; so a few steps with tokenizers that
answer as wanted lead to any state:

- text longer than the prefix, which starts with it: the ids before the prefix index go, and what
  the rest gives is the new prefix;
- text that ends in U+FFFD: the ids are kept, nothing else happens.
"""

from tokenizers import Regex, Tokenizer, decoders, models

__all__ = ["hand_back"]

WAITS = "\ufffd"


def hand_back(stream, made_with: list[int], ids: list[int], prefix: str, prefix_index: int) -> None:
    """Leaves in `stream`, which has made no step yet, what it would have by itself."""
    known = {*made_with, *ids}
    if made_with:
        # The first makes all of its ids the prefix's, the second lets go of them.
        stream.step(_answering(known, ".+", "a"), [])
        stream.step(_answering(known, ".+", "ab"), [])
    if prefix_index == 0:
        stream.step(_answering(known, ".+", WAITS), ids)
        return
    first = next(id for id in range(len(known) + 1) if id not in known)
    known.add(first)
    stream.step(_answering(known, ".+", "a"), [first])
    given, waiting = ids[:prefix_index], ids[prefix_index:]
    # What starts with the first id is new text, so that it goes; the others give the prefix.
    stream.step(_answering(known, f"<{first}>.+", "ab", "<.+", prefix), given)
    if waiting:
        stream.step(_answering(known, ".+", WAITS), waiting)


def _answering(ids: set[int], *replacements: str) -> Tokenizer:
    """A tokenizer that decodes these ids and replaces what matches as a whole."""
    tokenizer = Tokenizer(models.WordLevel({f"<{id}>": id for id in ids}, unk_token=""))
    pairs = zip(replacements[::2], replacements[1::2], strict=True)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Fuse()]
        + [decoders.Replace(Regex(rf"\A{pattern}\z"), text) for pattern, text in pairs]
    )
    return tokenizer
