"""Networks of programs from GitHub."""

from torch import nn


class Life(nn.Module):
    """Three convolutions: each cell's next state from its neighbours, as a probability."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 50, 3, padding=1), nn.ReLU(), nn.Conv2d(50, 30, 1), nn.ReLU(),
            nn.Conv2d(30, 1, 1), nn.Sigmoid(), nn.Flatten(),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x)
