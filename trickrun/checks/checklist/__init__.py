"""All six steps in order, and what they learned as one tuned recipe."""
