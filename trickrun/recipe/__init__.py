"""The recipe language: text to a checked Recipe, without torch."""
