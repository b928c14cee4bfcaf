"""What checks and trainings measured, and what is known before: plain data that rules read."""
