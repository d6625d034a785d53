"""Texts as people write them: the standard library of the running Python, and sentences of many languages."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

WANTED = 9_500

SENTENCES = (
    "The train to the coast leaves at 7:45 from platform 3, unless it snows.",
    "Der Zug an die Küste fährt um 7.45 Uhr ab – außer, wenn es schneit: „Ärgerlich!“",
    "Le train part à 7 h 45, sauf s’il neige ; c’est bête, n’est-ce pas ?",
    "El tren sale a las 7:45; ¿nevará mañana? ¡Ojalá que no, señor Núñez!",
    "O comboio parte às 7h45, a não ser que neve: não há solução.",
    "Il treno parte alle 7:45, perché così è più comodo, no?",
    "De trein vertrekt om 7.45 uur, tenzij het sneeuwt in ’s-Hertogenbosch.",
    "Pociąg odjeżdża o 7:45, chyba że spadnie śnieg — źle, żółto, gęś.",
    "Vlak odjíždí v 7:45, ledaže by sněžilo: příliš žluťoučký kůň.",
    "A vonat 7:45-kor indul, hacsak nem esik a hó; őrült tükörfúrógép.",
    "Tren 7.45'te kalkıyor, kar yağmazsa: İstanbul'dan Iğdır'a, ışıl ışıl.",
    "Tåget går klockan 7.45 om det inte snöar på Åland och Öland.",
    "Juna lähtee kello 7.45, ellei lunta sada: hyvää päivää, yötä.",
    "Lestin fer klukkan 7:45 nema það snjói; þú þekkir það, ætla ég.",
    "Поезд отправляется в 7:45, если не пойдёт снег, — сказал Фёдор Щукин.",
    "Потяг вирушає о 7:45, якщо не піде сніг; її об’їзд, ґанок.",
    "Το τρένο φεύγει στις 7:45, εκτός αν χιονίσει· καλημέρα, Έλληνες!",
    "הרכבת יוצאת בשעה 7:45, אלא אם יירד שלג – שָׁלוֹם לכולם.",
    "يغادر القطار في الساعة ٧:٤٥، إلا إذا تساقط الثلج؛ مَرْحَبًا.",
    "قطار ساعت ۷:۴۵ حرکت می‌کند، مگر این‌که برف ببارد.",
    "ट्रेन सुबह ७:४५ बजे चलती है, अगर बर्फ़ न गिरे तो; क्षत्रिय विद्यार्थी।",
    "ট্রেন সকাল ৭:৪৫ মিনিটে ছাড়ে, যদি তুষার না পড়ে।",
    "ரயில் காலை 7:45 மணிக்குப் புறப்படும், பனி பெய்யாவிட்டால்.",
    "రైలు ఉదయం 7:45 గంటలకు బయలుదేరుతుంది, మంచు కురవకపోతే.",
    "รถไฟออกเวลา 7:45 น. เว้นแต่หิมะจะตก สวัสดีครับ ๗๔๕",
    "Tàu khởi hành lúc 7 giờ 45, trừ khi trời có tuyết; đường phố Hà Nội đẹp lắm.",
    "Kereta berangkat pukul 7.45, kecuali kalau turun salju-saljuan.",
    "Treni inaondoka saa moja na dakika arobaini na tano, ila kukinyesha theluji.",
    "火车七点四十五分开，除非下雪。他说：“明天（星期三）见！”",
    "火車七點四十五分開，除非下雪；「明天見」，價錢是１２３元。",
    "雪が降らなければ、電車は7時45分に出ます。「カタカナ」と㌀、ﾊﾝｶｸも。",
    "눈이 오지 않으면 기차는 7시 45분에 출발합니다. 안녕히 가세요!",
    "მატარებელი 7:45-ზე გადის, თუ თოვლი არ მოვა.",
    "Գնացքը մեկնում է ժամը 7:45-ին, եթե ձյուն չգա։",
    "ባቡሩ በ7:45 ይነሳል፣ በረዶ ካልዘነበ በቀር።",
    "ලංකාවේ දුම්රිය 7:45ට පිටත් වේ.",
    "ရထားသည် ၇:၄၅ နာရီတွင် ထွက်သည်။",
    "រថភ្លើងចេញនៅម៉ោង ៧:៤៥។",
    "Snow today ❄️😀, train at 7:45 🚆👍🏽 — see you 👨‍👩‍👧‍👦 in 🇨🇭!!! #winter @home",
)


def _blocks() -> Iterator[str]:
    """Paragraphs of the standard library's sources: code, comments, docstrings, tables."""
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        blocks = [block for block in text.split("\n\n") if block.strip()]
        # A few of each file, so that all of the library takes part.
        yield from (block[:2_000] for block in blocks[:: max(1, len(blocks) // 12)])


def real_world() -> list[str]:
    random = Random(4)
    made = dict.fromkeys(islice(_blocks(), WANTED))
    while len(made) < WANTED + 1_000:
        chosen = random.sample(SENTENCES, random.randint(1, 4))
        made[random.choice((" ", "\n", "  ", "\n\n")).join(chosen)] = None
    return [*made, *SENTENCES]
