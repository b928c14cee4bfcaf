"""What is wrong with a training before it starts, as far as named facts tell."""
