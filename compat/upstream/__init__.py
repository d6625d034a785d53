"""transformers' own tokenizer tests, taken from the source distribution of the installed version, over local tokenizer folders.

The same tests pass with and without `patch()`. Nothing of theirs lies in this repository.
"""
