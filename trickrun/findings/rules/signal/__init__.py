"""What is wrong with the signal through a network's layers."""
