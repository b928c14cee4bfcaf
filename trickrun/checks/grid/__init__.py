"""Steps 4 and 5: a coarse search over the recipe's space, and a fine one around its best."""
