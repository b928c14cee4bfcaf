"""The tricks that have a key of their own: how batches make steps, what is frozen, when it ends."""
