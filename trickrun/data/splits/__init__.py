"""A loaded data set: its task, its splits, and what is fitted on the training split."""
