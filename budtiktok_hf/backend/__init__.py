"""What stands beside a `tokenizers.Tokenizer`: loading, staleness, the engine.

The hooks (native code) call `seam` when counters say that an engine has to be proven again, and
for what is easier said in Python. A call that needs nothing of that never comes here.
"""
