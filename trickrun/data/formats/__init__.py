"""Files, arrays and texts: read, checked, and made into tensors."""
