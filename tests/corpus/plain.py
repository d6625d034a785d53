"""ASCII and Unicode texts: seeded mixtures of what texts are made of."""

from __future__ import annotations

import string
from random import Random

#: Script or block: ranges of letters and marks that are written together.
SCRIPTS = {
    "Latin": [(0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF)],
    "combining marks": [(0x61, 0x7A), (0x300, 0x36F), (0x1DC0, 0x1DFF)],
    "IPA": [(0x250, 0x2AF), (0x2B0, 0x2FF)],
    "Greek": [(0x391, 0x3A1), (0x3A3, 0x3C9), (0x1F00, 0x1F15)],
    "Cyrillic": [(0x410, 0x44F), (0x400, 0x40F), (0x483, 0x489)],
    "Armenian": [(0x531, 0x556), (0x561, 0x587)],
    "Hebrew": [(0x5D0, 0x5EA), (0x5B0, 0x5C7)],
    "Arabic": [(0x620, 0x64A), (0x64B, 0x65F), (0xFE70, 0xFEFC)],
    "Syriac": [(0x710, 0x74A)],
    "Devanagari": [(0x904, 0x939), (0x93A, 0x94F), (0x966, 0x96F)],
    "Bengali": [(0x985, 0x9B9), (0x9BC, 0x9CD), (0x9E6, 0x9EF)],
    "Tamil": [(0xB85, 0xBB9), (0xBBE, 0xBCD)],
    "Telugu": [(0xC05, 0xC39), (0xC3E, 0xC4D)],
    "Thai": [(0xE01, 0xE3A), (0xE40, 0xE4E), (0xE50, 0xE59)],
    "Tibetan": [(0xF40, 0xF6C), (0xF71, 0xF84), (0xF0B, 0xF0B)],
    "Myanmar": [(0x1000, 0x102A), (0x102B, 0x103E)],
    "Georgian": [(0x10D0, 0x10FA), (0x1C90, 0x1CBA)],
    "Hangul": [(0xAC00, 0xD7A3)],
    "jamo": [(0x1100, 0x1112), (0x1161, 0x1175), (0x11A8, 0x11C2)],
    "Ethiopic": [(0x1200, 0x137C)],
    "Cherokee": [(0x13A0, 0x13F5), (0xAB70, 0xABBF)],
    "Khmer": [(0x1780, 0x17B3), (0x17B6, 0x17D3)],
    "Mongolian": [(0x1820, 0x1878), (0x180B, 0x180E)],
    "kana": [(0x3041, 0x3096), (0x30A1, 0x30FA), (0x3099, 0x309C), (0xFF66, 0xFF9F)],
    "CJK": [(0x4E00, 0x9FFF), (0x3400, 0x4DBF)],
    "CJK beyond the first plane": [(0x20000, 0x2A6DF), (0x2F800, 0x2FA1D), (0x30000, 0x3134A)],
    "full width": [(0xFF01, 0xFF5E), (0x3000, 0x3002), (0x3300, 0x33FF)],
    "letters of other planes": [(0x10400, 0x1044F), (0x1D400, 0x1D7FF), (0x1E900, 0x1E94B)],
    "numbers": [(0x30, 0x39), (0x660, 0x669), (0x2150, 0x2189), (0x2460, 0x24FF), (0xB2, 0xB3)],
    "symbols": [(0x2190, 0x22FF), (0x2500, 0x27BF), (0x20A0, 0x20C0)],
    "punctuation": [(0x2010, 0x205E), (0x21, 0x2F), (0xA1, 0xBF), (0x3001, 0x3020)],
    "emoji": [(0x1F300, 0x1F64F), (0x1F900, 0x1F9FF), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF)],
    "format": [(0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F)],
    "private use": [(0xE000, 0xE0FF), (0xF0000, 0xF00FF), (0x10FFF0, 0x10FFFD)],
    "controls": [(0x00, 0x1F), (0x7F, 0x9F)],
    "anything": [(0x20, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)],
}
_SPACES = (" ", " ", " ", " ", "  ", "\n", "\t", "\r\n", "    ", "\n\n", " \n ")
_WORDS = (
    "the of and to in is that it was for on are with as his they be at one have this from or had by hot but some what there we can "
    "out other were all your when up use word how said an each she which do their time if will way about many then them would "
    "write like so these her long make thing see him two has look more day could go come did my sound no most number who over know "
    "water than call first people may down side been now find any new work part take get place made live where after back little "
    "isn't don't we'll they've I'm he'd it's won't o'clock rock'n'roll HTTP JSON utf-8 self return None def class import lambda"
)


def _word(random: Random) -> str:
    kind = random.random()
    if kind < 0.6:
        word = random.choice(_WORDS.split())
        return random.choice((word, word, word.title(), word.upper()))
    if kind < 0.7:
        return "".join(random.choices(string.ascii_letters, k=random.randint(1, 20)))
    if kind < 0.8:
        return "".join(random.choices(string.digits + ".,", k=random.randint(1, 12)))
    if kind < 0.9:
        return "".join(random.choices(string.punctuation, k=random.randint(1, 5)))
    return random.choice(
        (
            f"https://example.org/{random.randrange(10**6)}?q={random.choice(_WORDS.split())}#a",
            f"snake_case_{random.randrange(99)}",
            f"camelCase{random.randrange(9)}Name",
            f"user{random.randrange(99)}@example.org",
            f"{random.uniform(-1e3, 1e3):.4f}",
            f"{random.randrange(2**32):#x}",
            f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}T12:00:00Z",
            f"x[{random.randrange(9)}] += {random.randrange(99)};",
            f"<{random.choice('abpi')}>",
            "...",
        )
    )


def ascii_texts() -> list[str]:
    random = Random(1)
    made = {""}
    while len(made) < 10_200:
        if random.random() < 0.15:
            text = "".join(map(chr, random.choices(range(128), k=random.randint(1, 60))))
        else:
            words = (_word(random) for _ in range(random.randint(1, 25)))
            text = "".join(random.choice(_SPACES) + word for word in words)
            text = random.choice((text, text.strip(), text[1:]))
        made.add(text)
    return sorted(made)


def _of_script(random: Random, name: str, length: int) -> str:
    spans = SCRIPTS[name]
    return "".join(chr(random.randint(*random.choice(spans))) for _ in range(length))


def unicode_texts() -> list[str]:
    """Each script by itself, and mixtures of them with ASCII."""
    random = Random(2)
    names = sorted(SCRIPTS)
    made: set[str] = set()
    while len(made) < 10_200:
        several = random.random() < 0.4
        name = random.choice(names)
        parts = []
        for _ in range(random.randint(1, 10)):
            if several and random.random() < 0.5:
                name = random.choice(names)
            ours = random.random() < 0.85
            parts.append(_of_script(random, name, random.randint(1, 8)) if ours else _word(random))
            parts.append(random.choice(("", *_SPACES)))
        made.add("".join(parts))
    return sorted(text for text in made if not text.isascii())
