"""Networks as their authors wrote them, right and wrong."""

import torch
from torch import nn


class Waves(nn.Module):
    """Two convolutions along time with batch norm and leaky ReLU, and one output.

    Args:
        head: softmax, which of one output is always 1, or linear.
    """

    def __init__(self, inputs, outputs, head="linear"):
        super().__init__()
        channels, length = inputs
        self.head = head
        self.net = nn.Sequential(
            nn.Conv1d(channels, 16, 4, padding="same"), nn.BatchNorm1d(16), nn.LeakyReLU(0.3),
            nn.Dropout(0.2), nn.Conv1d(16, 8, 4, padding="same"), nn.BatchNorm1d(8),
            nn.LeakyReLU(0.3), nn.Dropout(0.2), nn.Flatten(), nn.Linear(8 * length, 64),
            nn.BatchNorm1d(64), nn.LeakyReLU(0.3), nn.Linear(64, outputs),
        )  # fmt: skip

    def forward(self, x):
        z = self.net(x)
        return z.softmax(1) if self.head == "softmax" else z


class Clothes(nn.Module):
    """Two convolutions and two fully connected layers.

    Args:
        last: relu after the scores, or linear.
    """

    def __init__(self, inputs, outputs, last="linear"):
        super().__init__()
        self.first = nn.Conv2d(inputs[0], 32, 3, padding=1)
        self.second = nn.Conv2d(32, 64, 3, padding=1)
        self.hidden = nn.Linear(64 * (inputs[1] // 4) * (inputs[2] // 4), 100)
        self.scores = nn.Linear(100, outputs)
        self.last = last

    def forward(self, x):
        x = nn.functional.max_pool2d(self.first(x).relu(), 2)
        x = nn.functional.max_pool2d(self.second(x).relu(), 2)
        z = self.scores(self.hidden(x.flatten(1)).relu())
        return z.relu() if self.last == "relu" else z


class Encoder(nn.Module):
    """A recurrent network that reads both ways, and a head on its two last states.

    Args:
        join: reshape takes the states [2, N, H] as [N, 2 H], which mixes samples; cat joins them.
    """

    def __init__(self, inputs, outputs, join="cat", hidden=24):
        super().__init__()
        self.read = nn.GRU(inputs[1], hidden, batch_first=True, bidirectional=True)
        self.scores = nn.Linear(2 * hidden, outputs)
        self.join = join

    def forward(self, x):
        _, states = self.read(x)
        if self.join == "reshape":
            return self.scores(states.reshape(len(x), -1))
        return self.scores(torch.cat([states[0], states[1]], 1))


class Regressor(nn.Module):
    """A softmax regression behind one hidden layer, whose features may be cut off.

    Args:
        cut: whether the hidden layer's output is detached from the graph.
    """

    def __init__(self, inputs, outputs, cut=False, hidden=40):
        super().__init__()
        self.hidden = nn.Linear(torch.Size(inputs).numel(), hidden)
        self.scores = nn.Linear(hidden, outputs)
        nn.init.normal_(self.hidden.weight, std=0.01)
        self.cut = cut

    def forward(self, x):
        h = self.hidden(x.flatten(1)).relu()
        return self.scores(h.detach() if self.cut else h)


class Xor(nn.Module):
    """Two linear layers.

    Args:
        between: linear (nothing) or relu.
    """

    def __init__(self, inputs, outputs, between="linear", hidden=16):
        super().__init__()
        self.first = nn.Linear(inputs[0], hidden)
        self.second = nn.Linear(hidden, outputs)
        self.between = between

    def forward(self, x):
        h = self.first(x)
        return self.second(h.relu() if self.between == "relu" else h)


class Softmaxed(nn.Module):
    """A small convolutional network.

    Args:
        softmax: whether it ends in one.
    """

    def __init__(self, inputs, outputs, softmax=False):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(inputs[0], 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(16 * (inputs[1] // 4) * (inputs[2] // 4), 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, outputs),
        )  # fmt: skip
        if softmax:
            self.net.append(nn.Softmax(dim=1))

    def forward(self, x):
        return self.net(x)
