"""Small models, written as in a tokenizer.json, made from a seed.

Vocabularies are drawn at random rather than trained: they have what trained ones never show (partial alphabets, merges that are
never reached, equal scores, words that no merge makes).
"""

from __future__ import annotations

from functools import cache
from random import Random

from .characters import DIGITS, LETTERS, MARKS, NAMED, PUNCTUATION, SPACES, WORDS

SPECIAL = ("<unk>", "<s>", "</s>", "<pad>")
_LETTERS_OF_ALL = sorted({c for word in WORDS for c in word} | set(LETTERS + DIGITS + PUNCTUATION))


@cache
def byte_alphabet() -> dict[int, str]:
    """GPT-2's character for each byte."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {
        byte: chr(256 + place) for place, byte in enumerate(others)
    }


def as_bytes(text: str) -> str:
    """`text` in the alphabet of ByteLevel."""
    alphabet = byte_alphabet()
    return "".join(alphabet[byte] for byte in text.encode())


def _alphabet(random: Random, kind: str) -> list[str]:
    if kind == "bytes":
        letters = list(byte_alphabet().values())
        if random.random() < 0.3:
            letters = random.sample(letters, 200)
        return letters
    letters = random.sample(_LETTERS_OF_ALL, random.randint(10, len(_LETTERS_OF_ALL)))
    extra = "".join(NAMED.values()) + SPACES + MARKS
    letters += random.sample(extra, random.randint(0, 30))
    if random.random() < 0.6:
        letters.append("▁")
    return list(dict.fromkeys(letters))


_MAPPED = [[as_bytes(start + word) for start in ("", " ")] for word in (*WORDS, *NAMED.values())]
_SPACED = ["▁" + word for word in WORDS]


def _words(random: Random, kind: str) -> list[str]:
    named = random.random() < 0.5
    if kind == "bytes":
        return [random.choice(both) for both in _MAPPED[: None if named else len(WORDS)]]
    return [*WORDS, *_SPACED, *(NAMED.values() if named else ())]


def bpe(seed: int, kind: str = "characters", **given: object) -> dict:
    """`kind`: whether the model reads `characters` or the `bytes` of ByteLevel."""
    random = Random(seed)
    prefix = random.choice((None, None, None, "##", "", "@@"))
    suffix = random.choice((None, None, None, "</w>", "", "@"))
    if kind == "bytes":
        prefix = suffix = None
    prefix, suffix = given.get("prefix", prefix), given.get("suffix", suffix)
    vocabulary = dict.fromkeys(random.sample(SPECIAL, random.randint(0, 4)))
    letters = _alphabet(random, kind)
    for letter in letters:
        for start in ("", prefix or ""):
            for end in ("", suffix or ""):
                if random.random() < 0.97:
                    vocabulary[start + letter + end] = None
    byte_fallback = given.get("byte_fallback", kind != "bytes" and random.random() < 0.3)
    if byte_fallback:
        share = random.choice((1, 1, 1, 0.9))
        vocabulary |= dict.fromkeys(f"<0x{b:02X}>" for b in range(256) if random.random() < share)
    merges = _merges(random, list(vocabulary), _words(random, kind), prefix or "", suffix or "")
    for left, right in merges:
        vocabulary[left + right.removeprefix(prefix or "")] = None
    if random.random() < 0.5:
        # Words that the merges may not reach.
        vocabulary |= dict.fromkeys(random.sample(_words(random, kind), 3))
    names = list(vocabulary)
    if random.random() < 0.3:
        random.shuffle(names)
    gap = random.choice((0, 0, 0, 7))
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": random.choice((None, *[s for s in SPECIAL if s in vocabulary][:1])),
        "continuing_subword_prefix": prefix,
        "end_of_word_suffix": suffix,
        "fuse_unk": random.random() < 0.5,
        "byte_fallback": byte_fallback,
        "ignore_merges": random.random() < 0.3,
        "vocab": {name: place + (gap if place > 20 else 0) for place, name in enumerate(names)},
        "merges": merges,
    } | {key: value for key, value in given.items() if key not in ("prefix", "suffix")}


def _merges(
    random: Random, names: list[str], words: list[str], prefix: str, suffix: str
) -> list[tuple[str, str]]:
    """Merges that build words from the left, the right or the middle, and a few at random."""
    known = set(names)
    merges: dict[tuple[str, str], None] = {}

    def add(left: str, right: str) -> bool:
        if left in known and right in known and left + right.removeprefix(prefix) != "":
            merges[left, right] = None
            known.add(left + right.removeprefix(prefix))
            return True
        return False

    for word in random.sample(words, random.randint(1, len(words))):
        symbols = list(word)
        symbols = [symbols[0], *[prefix + symbol for symbol in symbols[1:]]]
        symbols[-1] += suffix
        while len(symbols) > 1:
            place = random.randrange(len(symbols) - 1)
            if not add(symbols[place], symbols[place + 1]):
                break
            symbols[place : place + 2] = [symbols[place] + symbols[place + 1].removeprefix(prefix)]
    continued = [name for name in names if name.startswith(prefix)] or names
    for _ in range(random.randint(0, 40)):
        add(random.choice(names), random.choice(continued))
    written = list(merges)
    if written and random.random() < 0.2:
        written += random.sample(written, 1)
    return written


def word_piece(seed: int, **given: object) -> dict:
    random = Random(seed)
    prefix = random.choice(("##", "##", "##", "", "@", "é"))
    vocabulary = {"<unk>": None} | dict.fromkeys(random.sample(SPECIAL, random.randint(0, 4)))
    for letter in _alphabet(random, "characters"):
        vocabulary |= dict.fromkeys(
            start + letter for start in ("", prefix) if random.random() < 0.9
        )
    for word in _words(random, "characters"):
        cut = random.randint(0, len(word))
        pieces = random.choice(((word,), (word[:cut], prefix + word[cut:])))
        vocabulary |= dict.fromkeys(piece for piece in pieces if piece)
    return {
        "type": "WordPiece",
        "unk_token": "<unk>",
        "continuing_subword_prefix": prefix,
        "max_input_chars_per_word": random.choice((100, 100, 5, 1)),
        "vocab": {name: place for place, name in enumerate(vocabulary)},
    } | given


def word_level(seed: int, **given: object) -> dict:
    random = Random(seed)
    names = {"<unk>": None} | dict.fromkeys(random.sample(SPECIAL, random.randint(0, 4)))
    words = _words(random, "characters") + _words(random, "bytes")
    names |= dict.fromkeys(random.sample(words, random.randint(1, len(words))))
    names |= dict.fromkeys(random.sample(_LETTERS_OF_ALL, 20))
    return {
        "type": "WordLevel",
        "vocab": {name: place for place, name in enumerate(names)},
        "unk_token": random.choice(("<unk>", "<unk>", "<unk>", "absent")),
    } | given


def unigram(seed: int, **given: object) -> dict:
    random = Random(seed)
    names = {"<unk>": None} | dict.fromkeys(random.sample(SPECIAL, random.randint(0, 4)))
    names |= dict.fromkeys(_alphabet(random, "characters"))
    for word in _words(random, "characters"):
        for _ in range(random.randint(0, 3)):
            start = random.randrange(len(word))
            names[word[start : random.randint(start + 1, len(word))]] = None
    byte_fallback = random.random() < 0.3
    if byte_fallback:
        share = random.choice((1, 1, 0.9))
        names |= dict.fromkeys(f"<0x{b:02X}>" for b in range(256) if random.random() < share)
    # Few values: ties decide.
    score = random.choice(
        (lambda: -random.random() * 10, lambda: float(-random.randint(1, 3)), lambda: 0.0)
    )
    vocabulary = [[name, score()] for name in names]
    if random.random() < 0.2:
        vocabulary.append([random.choice(list(names)), score()])
    return {
        "type": "Unigram",
        "unk_id": random.choice((0, 0, 0, None)),
        "vocab": vocabulary,
        "byte_fallback": byte_fallback,
    } | given
