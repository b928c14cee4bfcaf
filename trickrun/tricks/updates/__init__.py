"""What acts on the gradient and on the optimizer's update: clipping, lookahead, a rate a layer."""
