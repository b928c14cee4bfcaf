"""What the curves of a run show, while it goes on and at its end."""
