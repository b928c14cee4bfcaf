"""Does the signal reach the last layer, and the gradient the first?"""
