"""Proves that an engine is what its tokenizer is now, compiling what has changed.

An engine is trusted while the counters stand where they stood when it was proven. When they have
moved, the parts that somebody outside may hold are compared with what was compiled; a changed
light part is compiled alone, anything else from the whole. A proof made while a counter moved is
thrown away and made again.
"""

import os
import threading

from .. import _native
from ..fallback import PYTHON_COMPONENTS, SAMPLING
from . import made, parts, stock

__all__ = ["prove"]

#: (process, handle) -> (event, thread) of the proof under way.
_under_way: dict[tuple[int, int], tuple[threading.Event, int]] = {}


def prove(tokenizer, handle) -> None:
    """Leaves a proof for the present moment in `handle`, unless something moves all the time.

    Never raises for what the tokenizer is: whatever goes wrong is a reason for stock to serve.
    Threads that need the same proof wait for the first one's.
    """
    key = os.getpid(), id(handle)
    event = threading.Event()
    running, thread = _under_way.setdefault(key, (event, threading.get_ident()))
    if running is not event:
        # The same thread comes here twice when a finalizer encodes: it must not wait for itself.
        if thread != threading.get_ident():
            running.wait()
            return
        _prove(tokenizer, handle)
        return
    try:
        _prove(tokenizer, handle)
    finally:
        _under_way.pop(key, None)
        event.set()


def _prove(tokenizer, handle) -> None:
    for _ in range(8):
        moment = handle.moment()
        try:
            verdict = _judge(tokenizer, handle, moment)
        except BaseException as error:
            # Stock's panics are not of class Exception.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            verdict = f"the tokenizer could not be read: {type(error).__name__}: {error}"[:300]
        if isinstance(verdict, str):
            settled = handle.settle(moment, reason=verdict)
        else:
            undecodable = parts.undecodable(tokenizer)
            settled = handle.settle(moment, engine=verdict, undecodable=undecodable)
        if settled:
            handle.memo.pop("model_job", None)
            return


def _specials(handle) -> set[str] | None:
    """Contents of all tokens that are special or were; None if the object was not always watched."""
    contents = parts.special_contents(handle)
    if handle.changed == parts.ALL:
        # Trained, perhaps: nobody saw which tokens that adds.
        handle.memo.pop("specials_known", None)
        return None
    if "specials_known" not in handle.memo:
        proof = handle.proof()
        if proof is None or proof[0][0] != handle.moment()[0] or proof[1] is None:
            return None
        known = proof[1].special_contents()
        if known is None:
            return None
        contents.update(known)
        handle.memo["specials_known"] = True
    return contents


def _judge(tokenizer, handle, moment):
    """The engine (`CompiledRef`) for the tokenizer as it is now, or the reason (`str`) why not."""
    proof = handle.proof()
    generation, epoch, trained, _ = moment
    if proof is None or proof[0][0] != generation:
        # Nobody watched: every part may be known outside.
        handle.expose_all()
        return _whole(tokenizer, handle)
    (_, known_epoch, known_trained, _), engine, reason = proof
    changed = handle.changed
    if known_trained != trained and handle.exposed & parts.MODEL:
        changed |= parts.MODEL
    if known_epoch != epoch:
        changed |= _edited(tokenizer, handle)
    if not changed:
        parts.remember(tokenizer, handle)
        return engine if engine is not None else reason
    if changed & parts.MODEL or engine is None:
        return _whole(tokenizer, handle)
    return _light(tokenizer, handle, engine)


def _edited(tokenizer, handle) -> int:
    """Bits of the parts known outside whose state is not what was compiled."""
    edited = 0
    exposed, memo = handle.exposed, handle.memo
    for name, bit in parts.BITS.items():
        if not exposed & bit:
            continue
        try:
            same = name in memo and memo[name] == parts.state(name, stock.read(tokenizer, name))
        except Exception:
            same = False
        if not same:
            edited |= bit
    return edited


def _whole(tokenizer, handle):
    parts.remember(tokenizer, handle)
    if parts.samples(stock.read(tokenizer, "model")):
        return SAMPLING
    specials = _specials(handle)
    compiled = made.compiled_model(tokenizer, handle)
    engine = None if compiled is None else _with_light_parts(tokenizer, handle, compiled, specials)
    if engine is None:
        try:
            if parts.python_decoder(tokenizer):
                # Stock writes no whole tokenizer with a decoder it cannot write.
                light = parts.light_json(tokenizer, parts.added_tokens(tokenizer))
                model = stock.read(tokenizer, "model").__getstate__()
                written = b"".join((light.removesuffix(b"null}"), model, b"}"))
            else:
                written = stock.call(tokenizer, "to_str").encode()
        except Exception:
            # Stock writes everything but what is written in Python.
            return PYTHON_COMPONENTS
        compiled = _native.compile_written(written, stock.VERSION)
        engine = _with_light_parts(tokenizer, handle, compiled, specials)
    # What a model's own pre-tokenizer does not fit, no other one does.
    return "the engine could not be built" if engine is None else engine


def _light(tokenizer, handle, compiled):
    parts.remember(tokenizer, handle)
    engine = _with_light_parts(tokenizer, handle, compiled, _specials(handle))
    return _whole(tokenizer, handle) if engine is None else engine


def _with_light_parts(tokenizer, handle, compiled, specials):
    """An engine with this compiled model and the tokenizer's other parts, or the reason why not.
    None if the model has to be compiled in another way."""
    if compiled.reason is not None:
        return compiled.reason
    added = parts.added_tokens(tokenizer)
    try:
        light = parts.light_json(tokenizer, added)
    except Exception:
        return PYTHON_COMPONENTS
    reason = parts.out_of_step(tokenizer, handle, added)
    if reason is not None:
        return reason
    live = parts.live(tokenizer, added, specials)
    engine = compiled.with_live_parts(light, live, stock.VERSION)
    if engine is None:
        return None
    return engine if engine.reason is None else engine.reason
