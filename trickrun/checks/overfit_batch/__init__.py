"""Step 2: can the network fit one small batch, and if it cannot, what keeps it from that?"""
