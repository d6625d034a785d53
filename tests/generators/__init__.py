"""Makes what the suites compare stock and the engine on: tokenizers, texts, ids.

`characters` and `charsmap` are data, `models` and `components` write parts of a tokenizer.json, `strategies` draws all of it for
hypothesis, `against_stock` compares.
"""
