"""The nn.Modules that tricks and models need; everything here imports torch."""
