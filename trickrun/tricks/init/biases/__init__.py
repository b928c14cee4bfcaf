"""The ways to start biases that have a key of their own."""
