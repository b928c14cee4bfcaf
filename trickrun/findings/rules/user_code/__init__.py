"""What a user's own loss, network or step does wrong."""
