"""Step 1: is the loss before training that of a network which knows nothing yet?"""
