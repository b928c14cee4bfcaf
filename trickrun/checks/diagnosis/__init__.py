"""What is wrong with a recipe, and why: all checks in brief, and trainings with edits tried."""
