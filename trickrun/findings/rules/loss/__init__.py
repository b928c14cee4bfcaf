"""What is wrong with a loss before training."""
