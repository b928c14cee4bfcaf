"""A run as plain PyTorch: weights, network, predictions and training without trickrun."""
