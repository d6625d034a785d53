"""What serves a tokenizer, and why."""

from dataclasses import dataclass, field

from . import _native
from .hooks import RESTORED, UNMARKED, backend_of, disabled, scope

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """What serves a tokenizer, or (without one) the process.

    `reasons`: why stock serves; of an accelerated tokenizer, why it decodes. `cache_bytes`: bytes
    held by word caches, and for decoding, at present. `stock_calls`: number of calls that stock
    served, by reason (not counted: decoding while no engine is proven yet).
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
                *self.reasons,
            ]
        parts += [f"{count} by stock ({reason})" for reason, count in self.stock_calls.items()]
        return f"<budtiktok_hf: {', '.join(parts)}>"


def explain(tokenizer=None) -> Explanation:
    """What serves `tokenizer`: one of transformers, or a `tokenizers.Tokenizer`.

    Compiles the engine if that has not happened yet. Without a tokenizer: sums up the process.
    """
    if tokenizer is None:
        reasons = [] if scope.is_patched() else [_not_patched()]
        return Explanation(scope.is_patched(), reasons, stock_calls=_native.stock_calls())
    backend = backend_of(tokenizer)
    if backend is None:
        return Explanation(False, ["a tokenizer without a Rust backend"], type(tokenizer).__name__)
    from .backend import stock
    from .backend.proof import prove

    model = type(stock.read(backend, "model")).__name__
    handle = _native.handle_of(backend)
    calls = {} if handle is None else dict(handle.stock_calls)
    reason = _left_to_stock(backend)
    if reason is not None:
        return Explanation(False, [reason], model, stock_calls=calls)
    handle = _native.ensure_handle(backend)
    if handle.distrusted is not None:
        return Explanation(False, [handle.distrusted], model, stock_calls=calls)
    prove(backend, handle)
    proof = handle.proof()
    if proof is None or proof[1] is None:
        reason = "not compiled" if proof is None else proof[2]
        return Explanation(False, [reason], model, stock_calls=calls)
    report = proof[1].report()
    if report is None:
        return Explanation(True, [], model, stock_calls=calls)
    undecodable = handle.undecodable
    reasons = [] if undecodable is None else [f"stock decodes: {undecodable}"]
    _, pre_tokenizer, simd, cache_bytes = report
    return Explanation(True, reasons, model, pre_tokenizer, simd, cache_bytes, calls)


def _not_patched() -> str:
    if disabled():
        return "BUDTIKTOK_DISABLE is set"
    count = _native.accelerated() if scope.is_active() else 0
    return f"not patched; accelerated by themselves: {count}" if count else "not patched"


def _left_to_stock(backend) -> str | None:
    """Why no call of this tokenizer is handed to the engine; None if they are."""
    if not scope.is_active():
        return _not_patched()
    mark = _native.mark_of(backend)
    if mark == RESTORED:
        return "restored"
    if mark == UNMARKED and not scope.is_patched():
        return "not patched, and not accelerated by itself"
    return None
