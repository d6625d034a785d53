"""The main job on any machine, without network: train a GPT-2-like tokenizer with stock's trainer on the sources of Python's standard
library, save it, load it through `AutoTokenizer` without and with `patch()`, check every field equal, and compare the speeds.

Exit code 1 if any field differs, 3 if the ratio is below DEMO_MIN_RATIO (default 5).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from budtiktok_hf.cli import bench, texts

TRAINING_BYTES = 3_000_000
VOCABULARY = 8_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        nargs="?",
        default=os.environ.get("MODEL") or None,
        help="a folder or Hub id, instead of training one",
    )
    parser.add_argument(
        "--megabytes",
        type=float,
        default=float(os.environ.get("DEMO_MEGABYTES", "12")),
        help="of text at most",
    )


def run(options: argparse.Namespace) -> int:
    least = float(os.environ.get("DEMO_MIN_RATIO", "5"))
    files = texts.standard_library()
    documents = texts.documents(texts.read(files, int(options.megabytes * 1e6)))
    with tempfile.TemporaryDirectory() as folder:
        if options.model is None:
            train(Path(folder), texts.read(files, TRAINING_BYTES))
            print(
                f"tokenizer    GPT-2-like, {VOCABULARY:,} tokens, trained by stock on Python's standard library"
            )
        else:
            print(f"tokenizer    {options.model}")
        try:
            outcome = bench.measure_model(options.model or folder, documents)
        except bench.Unequal as error:
            print(f"UNEQUAL      {error}", file=sys.stderr)
            return 1
    bench.print_outcome(outcome)
    if outcome.ratio < least:
        print(
            f"TOO SLOW     {outcome.ratio:.1f}x, at least {least:g}x is wanted (DEMO_MIN_RATIO)",
            file=sys.stderr,
        )
        return 3
    return 0


def train(folder: Path, text: str) -> None:
    """Trains GPT-2's pipeline on `text` and saves it as a model's folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(
        folder
    )
