"""Are the gradients right? Backpropagation against differences, in float64."""
