"""Many recipes, many results: spaces, trials, the journal, halving, and what was best."""
