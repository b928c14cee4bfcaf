"""YAML text with places: read, drawn in messages, and edited so that comments stay."""
