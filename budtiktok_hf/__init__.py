"""Exactly Hugging Face tokenizers, 10 to 100 times faster."""
