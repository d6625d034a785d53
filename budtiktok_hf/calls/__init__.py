"""Fast paths of transformers' own calls: `table` says which, `guards` when they may be taken."""
