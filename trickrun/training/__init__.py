"""From a checked recipe, or plain objects, to a trained model: compile, job, and the one loop."""
