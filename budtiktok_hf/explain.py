"""What serves a tokenizer, and why."""

import sys
from dataclasses import dataclass, field

from . import _native
from .hooks import disabled, scope

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """What serves a tokenizer, or (without one) the process.

    `cache_bytes`: bytes held by word caches at present. `stock_calls`: number of encode calls
    that stock served, by reason.
    """

    accelerated: bool
    reasons: list[str]
    model: str = ""
    pre_tokenizer: str = "none"
    simd: str = "none"
    cache_bytes: int = 0
    stock_calls: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        if self.accelerated:
            head = "accelerated"
        else:
            head = "served by stock: " + "; ".join(self.reasons)
        parts = [head]
        if self.model:
            parts.append(f"model {self.model}")
        if self.accelerated and self.model:
            parts += [
                f"pre-tokenizer {self.pre_tokenizer}",
                f"simd {self.simd}",
                f"{self.cache_bytes:,} bytes in caches",
            ]
        parts += [f"{count} by stock ({reason})" for reason, count in self.stock_calls.items()]
        return f"<budtiktok_hf: {', '.join(parts)}>"


def explain(tokenizer=None) -> Explanation:
    """What serves `tokenizer`: one of transformers, or a `tokenizers.Tokenizer`.

    Compiles the engine if that has not happened yet. Without a tokenizer: sums up the process.
    """
    if tokenizer is None:
        reasons = [] if scope.is_active() else [_not_patched()]
        return Explanation(scope.is_active(), reasons, stock_calls=_native.stock_calls())
    backend = _backend(tokenizer)
    if backend is None:
        return Explanation(False, ["a tokenizer without a Rust backend"], type(tokenizer).__name__)
    from .backend import stock
    from .backend.proof import prove

    model = type(stock.read(backend, "model")).__name__
    handle = _native.handle_of(backend)
    calls = {} if handle is None else dict(handle.stock_calls)
    if not scope.is_active():
        return Explanation(False, [_not_patched()], model, stock_calls=calls)
    handle = _native.ensure_handle(backend)
    prove(backend, handle)
    proof = handle.proof()
    if proof is None or proof[1] is None:
        reason = "not compiled" if proof is None else proof[2]
        return Explanation(False, [reason], model, stock_calls=calls)
    report = proof[1].report()
    if report is None:
        return Explanation(True, [], model, stock_calls=calls)
    _, pre_tokenizer, simd, cache_bytes = report
    return Explanation(True, [], model, pre_tokenizer, simd, cache_bytes, calls)


def _not_patched() -> str:
    return "BUDTIKTOK_DISABLE is set" if disabled() else "not patched"


def _backend(tokenizer):
    """The `tokenizers.Tokenizer` behind a tokenizer; None if there is none."""
    tokenizers = sys.modules.get("tokenizers")
    if tokenizers is None:
        return None
    if isinstance(tokenizer, tokenizers.Tokenizer):
        return tokenizer
    backend = getattr(tokenizer, "_tokenizer", None)
    return backend if isinstance(backend, tokenizers.Tokenizer) else None
