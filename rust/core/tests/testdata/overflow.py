"""Writes overflow.jsonl: what tokenizers 0.23.3 gives for truncated pairs, with all their overflow.

Run with that version installed: python overflow.py > overflow.jsonl
One case a line; `expected` is the encoding's pickled state, or the error's text.
"""

import json
import sys

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

assert tokenizers.__version__ == "0.23.3", tokenizers.__version__

WORDS = [f"w{i}" for i in range(12)]
VOCABULARY = {word: i for i, word in enumerate(WORDS)} | {"[CLS]": 20, "[SEP]": 21}
SINGLE, PAIR = "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"
PROCESSORS = {
    "none": None,
    "template": processors.TemplateProcessing(SINGLE, PAIR, [("[CLS]", 20), ("[SEP]", 21)]),
    "bert": processors.BertProcessing(("[SEP]", 21), ("[CLS]", 20)),
    "roberta": processors.RobertaProcessing(("[SEP]", 21), ("[CLS]", 20)),
}
LENGTHS = [(7, None), (4, 3), (2, 7), (7, 2)]
# (max_length, stride): room for both, for few, for fewer than the special tokens (it wraps).
ROOMS = [(9, 1), (6, 0), (2, 0), (4, 0)]
# Each strategy with each direction, dealt out over the cases.
MANNERS = [
    ("longest_first", "right"),
    ("longest_first", "left"),
    ("only_first", "right"),
    ("only_second", "left"),
    ("longest_first", "right"),
    ("only_second", "right"),
    ("longest_first", "left"),
    ("only_first", "left"),
]


def main() -> None:
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    case = 0
    for name, processor in PROCESSORS.items():
        for first, second in LENGTHS:
            for max_length, stride in ROOMS:
                strategy, direction = MANNERS[case % len(MANNERS)]
                case += 1
                tokenizer.no_truncation()
                if processor is None:
                    tokenizer = Tokenizer(tokenizer.model)
                    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
                else:
                    tokenizer.post_processor = processor
                texts = [" ".join(WORDS[:first])] + (
                    [] if second is None else [" ".join(WORDS[-second:])]
                )
                row = {
                    "processor": name,
                    "first": first,
                    "second": second,
                    "max_length": max_length,
                    "stride": stride,
                    "strategy": strategy,
                    "direction": direction,
                }
                try:
                    tokenizer.enable_truncation(
                        max_length, stride=stride, strategy=strategy, direction=direction
                    )
                    row["expected"] = json.loads(tokenizer.encode(*texts).__getstate__())
                except BaseException as error:
                    row["error"] = f"{type(error).__name__}: {error}"
                json.dump(row, sys.stdout, separators=(",", ":"))
                print()


if __name__ == "__main__":
    main()
