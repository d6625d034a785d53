"""Why stock serves: one line in the log a reason and tokenizer. The native hooks count the calls."""

import logging

__all__ = [
    "COUNT_OUT_OF_STEP",
    "OUT_OF_STEP",
    "PYTHON_COMPONENTS",
    "PYTHON_DECODER",
    "SAMPLING",
    "logger",
    "note",
]

logger = logging.getLogger("budtiktok_hf")
logger.addHandler(logging.NullHandler())

PYTHON_COMPONENTS = "components written in Python"
PYTHON_DECODER = "a decoder written in Python"
SAMPLING = "Unigram sampling"
OUT_OF_STEP = "added tokens out of step with the tokenizer's other parts"
COUNT_OUT_OF_STEP = "a template changed since its special tokens were counted"


def note(tokenizer, reason: str) -> None:
    """Stock serves a call of this tokenizer for the first time for this reason."""
    logger.info("stock serves a tokenizer at %#x: %s", id(tokenizer), reason)
