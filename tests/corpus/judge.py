"""Small tokenizers, trained by stock on the corpus itself, and their comparison with stock on it."""

from __future__ import annotations

from functools import cache
from typing import Any

import corpus
from generators.against_stock import Original
from generators.charsmap import SMALL
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

import budtiktok_hf
from budtiktok_hf import compare

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<x>"]


def _train(tokenizer: Tokenizer, trainer: Any) -> str:
    texts = corpus.texts("real-world")[::6]
    if not isinstance(trainer, trainers.UnigramTrainer):
        # Whose vocabulary has to hold every character.
        texts = texts + corpus.texts("unicode")[::20]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(["new", "<y>"])
    return tokenizer.to_str()


def _bpe_trainer(**options: Any) -> trainers.BpeTrainer:
    return trainers.BpeTrainer(
        vocab_size=3_000, special_tokens=SPECIAL, show_progress=False, **options
    )


def byte_level() -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    return _train(tokenizer, _bpe_trainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))


def word_piece() -> str:
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 1))
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=3_000, special_tokens=SPECIAL, limit_alphabet=800, show_progress=False
    )
    return _train(tokenizer, trainer)


def unigram() -> str:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Precompiled(SMALL)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=4_000, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )
    return _train(tokenizer, trainer)


def sentencepiece_bpe() -> str:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    # Only for training: else whole texts would be words.
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    trainer = _bpe_trainer(limit_alphabet=300)
    trainer.special_tokens = SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)]
    texts = corpus.texts("real-world")[::6]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.pre_tokenizer = None
    return tokenizer.to_str()


def character_bpe() -> str:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder()
    return _train(tokenizer, _bpe_trainer(limit_alphabet=500, end_of_word_suffix="</w>"))


MAKERS = {
    made.__name__: made
    for made in (byte_level, word_piece, unigram, sentencepiece_bpe, character_bpe)
}


@cache
def written(name: str) -> str:
    """A tokenizer.json."""
    return MAKERS[name]()


def judge(name: str, category: str) -> dict[str, Any]:
    """How many texts of the category were compared, how many results differ, the first of them, and what stock served."""
    budtiktok_hf.patch()
    tokenizer = Tokenizer.from_str(written(name))
    stock = Original(tokenizer)
    differences = []
    texts = corpus.texts(category)
    for start in range(0, len(texts), 500):
        batch = texts[start : start + 500]
        pairs = zip(batch, stock.encode_batch(batch), tokenizer.encode_batch(batch), strict=True)
        for at, (text, expected, actual) in enumerate(pairs):
            # The seven queries where texts are short enough, of a few.
            positions = range(8) if at % 20 == 0 else None
            found = compare.compare_encodings(expected, actual, positions)
            ids = expected.ids
            if found is None and stock.decode(ids) != tokenizer.decode(ids):
                found = compare.Difference(".decode", stock.decode(ids), tokenizer.decode(ids))
            if found is not None:
                differences.append((text, str(found)))
    explanation = budtiktok_hf.explain(tokenizer)
    return {
        "texts": len(texts),
        "differ": len(differences),
        "first": differences[0] if differences else None,
        "accelerated": explanation.accelerated and not explanation.stock_calls,
        "reasons": [*explanation.reasons, *explanation.stock_calls],
    }
