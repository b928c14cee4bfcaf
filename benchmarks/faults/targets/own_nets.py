"""Networks as users write them, right and wrong."""

from itertools import pairwise

import torch
from torch import nn


class Net(nn.Module):
    """A multilayer perceptron with one mistake, or none.

    Args:
        mistake: "" for none; see ``forward`` and the constructor.
    """

    def __init__(self, inputs, outputs, hidden=(64, 32), mistake="", activation="ReLU"):
        super().__init__()
        sizes = [torch.Size(inputs).numel(), *hidden]
        layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        self.mistake = mistake
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(sizes[-1], outputs)
        self.activation = getattr(nn, activation)()
        if mistake == "zero layer":
            nn.init.zeros_(layers[0].weight)
            nn.init.zeros_(layers[0].bias)
        if mistake == "constant layers":
            for layer in (*layers, self.head):
                nn.init.constant_(layer.weight, 0.01)
        if mistake == "huge layers":
            for layer in (*layers, self.head):
                nn.init.normal_(layer.weight)
        if mistake == "frozen":
            self.requires_grad_(False)
            self.head.bias.requires_grad_(True)

    def forward(self, x):
        h = x.flatten(1)
        if self.mistake == "ignores input":
            h = h * 0
        if self.mistake == "transposed":
            h = h.reshape(h.shape[1], h.shape[0]).t()
        for layer in self.layers:
            h = layer(h)
            h = self.activation(h)
            if self.mistake == "dropout always":
                h = nn.functional.dropout(h, 0.8)
            if self.mistake == "softmax inside":
                h = h.softmax(1)
        if self.mistake == "detached":
            h = h.detach()
        z = self.head(h)
        if self.mistake == "softmax over batch":
            z = z.softmax(0)
        if self.mistake == "softmax twice":
            z = z.softmax(1)
        if self.mistake == "relu at the end":
            z = z.relu()
        return z


class ConvNet(nn.Module):
    """A small convolutional network with one mistake, or none."""

    def __init__(self, inputs, outputs, channels=(8, 16), hidden=32, mistake=""):
        super().__init__()
        self.mistake = mistake
        first, second = channels
        self.conv1 = nn.Conv2d(inputs[0], first, 3, padding=1)
        self.norm = nn.BatchNorm2d(first)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.linear = nn.Linear(second * (inputs[1] // 4) * (inputs[2] // 4), hidden)
        self.head = nn.Linear(hidden, outputs)
        if mistake == "only norm learns":
            self.requires_grad_(False)
            self.norm.requires_grad_(True)
        if mistake == "zero layer":
            nn.init.zeros_(self.conv2.weight)
            nn.init.zeros_(self.conv2.bias)

    def forward(self, x):
        if self.mistake == "ignores input":
            x = torch.zeros_like(x)
        h = nn.functional.max_pool2d(self.norm(self.conv1(x)).relu(), 2)
        h = nn.functional.max_pool2d(self.conv2(h).relu(), 2)
        if self.mistake == "detached":
            h = h.detach()
        h = self.linear(h.flatten(1))
        if self.mistake == "sigmoid times":
            h = (10 * h).sigmoid()
        elif self.mistake == "negative relu":
            h = (h - 20).relu()
        else:
            h = h.relu()
        if self.mistake == "dropout always":
            h = nn.functional.dropout(h, 0.85)
        z = self.head(h)
        if self.mistake == "softmax over batch":
            z = z.softmax(0)
        if self.mistake == "softmax twice":
            z = z.softmax(1)
        return z
