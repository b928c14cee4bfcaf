"""The tricks: one file each, one package a section; a section's ``__init__`` lists its tricks."""
