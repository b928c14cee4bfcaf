"""Networks for the outside subjects, right or with the one mistake that ``mistake`` names."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional


class Stack(nn.Module):
    """Fully connected layers, as tutorials write them.

    Args:
        mistake: "plain list" (the layers stand in a Python list, which registers nothing),
            "no grad" (the body runs without gradients), "dropout stays" (it acts in evaluation
            too), "averaged batch" (every sample becomes
            the batch's mean plus a tenth of itself), "fresh layer" (a layer is drawn anew in each
            pass) or "numpy" (a layer's output goes through numpy).
    """

    def __init__(self, inputs, outputs, hidden=(48, 48), activation="ReLU", drop=0.0, mistake=""):
        super().__init__()
        sizes = [torch.Size(inputs).numel(), *hidden]
        layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        self.layers = layers if mistake == "plain list" else nn.ModuleList(layers)
        self.head = nn.Linear(sizes[-1], outputs)
        self.activation = getattr(nn, activation)()
        self.drop, self.mistake = drop, mistake

    def body(self, h):
        for layer in self.layers:
            h = self.activation(layer(h))
            stays = self.training or self.mistake == "dropout stays"
            h = functional.dropout(h, self.drop, stays)
        return h

    def forward(self, x):
        h = x.flatten(1)
        if self.mistake == "averaged batch":
            h = h.mean(0, keepdim=True) + 0.1 * h
        if self.mistake == "fresh layer":
            nn.init.kaiming_normal_(self.layers[-1].weight)
        if self.mistake == "no grad":
            with torch.no_grad():
                h = self.body(h)
        else:
            h = self.body(h)
        if self.mistake == "numpy":
            h = torch.from_numpy(h.detach().cpu().numpy()).to(h)
        return self.head(h)


class Pictures(nn.Module):
    """Two convolutions with batch norm and a fully connected head, as for CIFAR.

    Args:
        mistake: "only norms" (all but the batch norms is frozen) or "still statistics" (the running
            statistics never move).
    """

    def __init__(self, inputs, outputs, channels=(12, 24), mistake=""):
        super().__init__()
        first, second = channels
        momentum = 0.0 if mistake == "still statistics" else 0.1
        self.body = nn.Sequential(
            nn.Conv2d(inputs[0], first, 3, padding=1),
            nn.BatchNorm2d(first, momentum=momentum),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.BatchNorm2d(second, momentum=momentum),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Linear(second * (inputs[1] // 4) * (inputs[2] // 4), outputs)
        if mistake == "only norms":
            for name, parameter in self.named_parameters():
                parameter.requires_grad_(name in ("body.1.weight", "body.1.bias"))

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


class Recurrent(nn.Module):
    """A GRU over the steps of a series, and a linear head.

    Args:
        mistake: "steps first" (batch_first is missing) or "first step" (the head sees the first
            step's output).
    """

    def __init__(self, inputs, outputs, hidden=32, mistake=""):
        super().__init__()
        self.mistake = mistake
        first = mistake != "steps first"
        self.gru = nn.GRU(inputs[1], hidden, batch_first=first)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x):
        h, _ = self.gru(x)
        return self.head(h[:, 0] if self.mistake == "first step" else h[:, -1])


class Waves(nn.Module):
    """One-dimensional convolutions over a series.

    Args:
        mistake: "reshaped" (steps and features change places by a reshape, not a transpose).
    """

    def __init__(self, inputs, outputs, channels=24, mistake=""):
        super().__init__()
        self.mistake = mistake
        self.first = nn.Conv1d(inputs[1], channels, 5, padding=2)
        self.second = nn.Conv1d(channels, channels, 5, padding=2)
        self.head = nn.Linear(channels, outputs)

    def forward(self, x):
        turned = x.reshape(len(x), x.shape[2], -1)
        h = turned if self.mistake == "reshaped" else x.transpose(1, 2)
        h = self.second(self.first(h).relu()).relu()
        return self.head(h.mean(2))


class Tokens(nn.Module):
    """The mean of embeddings, then a hidden layer: fastText with a layer more.

    Args:
        mistake: "frozen embedding" (it stays as drawn, tiny).
    """

    def __init__(self, inputs, outputs, vocabulary, width=16, hidden=32, mistake=""):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.hidden = nn.Linear(width, hidden)
        self.head = nn.Linear(hidden, outputs)
        if mistake == "frozen embedding":
            nn.init.normal_(self.embedding.weight, std=1e-3)
            self.embedding.weight.requires_grad_(False)

    def forward(self, x):
        return self.head(self.hidden(self.embedding(x.long()).mean(1)).relu())


class TextConvolution(nn.Module):
    """Kim's convolutions of two and three tokens with the maximum over all places."""

    def __init__(self, inputs, outputs, vocabulary, width=16, channels=24, drop=0.2):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, channels, size, padding=size - 1) for size in (2, 3)
        )
        self.drop = nn.Dropout(drop)
        self.head = nn.Linear(2 * channels, outputs)

    def forward(self, x):
        h = self.embedding(x.long()).transpose(1, 2)
        parts = [convolution(h).relu().amax(2) for convolution in self.convolutions]
        return self.head(self.drop(torch.cat(parts, 1)))


class WideAndDeep(nn.Module):
    """A linear model and a network side by side, whose answers are added."""

    def __init__(self, inputs, outputs, hidden=(32, 16)):
        super().__init__()
        sizes = [torch.Size(inputs).numel(), *hidden]
        layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
        self.deep = nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))
        self.wide = nn.Linear(sizes[0], outputs)

    def forward(self, x):
        return self.deep(x) + self.wide(x)


class Residual(nn.Module):
    """A residual network for tables: each block adds to what it gets, after a layer norm."""

    def __init__(self, inputs, outputs, width=48, blocks=3):
        super().__init__()
        self.first = nn.Linear(torch.Size(inputs).numel(), width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(),
                          nn.Linear(width, width))
            for _ in range(blocks)
        )  # fmt: skip
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        h = self.first(x.flatten(1))
        for block in self.blocks:
            h = h + block(h)
        return self.head(h)


class Gated(nn.Module):
    """Gated linear units: half of each layer decides how much of the other half passes."""

    def __init__(self, inputs, outputs, width=32, layers=2):
        super().__init__()
        sizes = [torch.Size(inputs).numel(), *[width] * layers]
        self.layers = nn.ModuleList(nn.Linear(a, 2 * b) for a, b in pairwise(sizes))
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        h = x.flatten(1)
        for layer in self.layers:
            h = functional.glu(layer(h))
        return self.head(h)


class Radial(nn.Module):
    """Radial basis functions around points that are learned, and a linear head."""

    def __init__(self, inputs, outputs, points=60):
        super().__init__()
        self.points = nn.Parameter(torch.randn(points, inputs[0]))
        self.width = nn.Parameter(torch.zeros(points))
        self.head = nn.Linear(points, outputs)

    def forward(self, x):
        far = (x[:, None] - self.points).square().sum(2)
        return self.head((-far * self.width.exp()).exp())


class Fourier(nn.Module):
    """Sines and cosines of fixed frequencies in front of a small network."""

    def __init__(self, inputs, outputs, frequencies=6, hidden=32):
        super().__init__()
        self.register_buffer("frequencies", torch.arange(1, frequencies + 1) * torch.pi / 2)
        self.body = nn.Sequential(
            nn.Linear(2 * frequencies * inputs[0], hidden), nn.Tanh(), nn.Linear(hidden, outputs)
        )

    def forward(self, x):
        angles = (x[:, :, None] * self.frequencies).flatten(1)
        return self.body(torch.cat([angles.sin(), angles.cos()], 1))


class LeNet(nn.Module):
    """The classic: two convolutions with average pooling and tanh, then three linear layers."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs[0], 6, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 3, padding=1), nn.Tanh(), nn.Flatten(),
            nn.Linear(16 * (inputs[1] // 2) * (inputs[2] // 2), 60), nn.Tanh(),
            nn.Linear(60, 40), nn.Tanh(), nn.Linear(40, outputs),
        )  # fmt: skip

    def forward(self, x):
        return self.body(x)


class Separable(nn.Module):
    """Depthwise and pointwise convolutions with squeeze and excitation, then the mean."""

    def __init__(self, inputs, outputs, width=24):
        super().__init__()
        self.stem = nn.Conv2d(inputs[0], width, 3, padding=1)
        self.depth = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.point = nn.Conv2d(width, 2 * width, 1)
        self.norm = nn.BatchNorm2d(2 * width)
        self.gate = nn.Linear(2 * width, 2 * width)
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, x):
        h = functional.max_pool2d(self.stem(x).relu(), 2)
        h = functional.silu(self.norm(self.point(self.depth(h))))
        gate = self.gate(h.mean((2, 3))).sigmoid()
        return self.head((h * gate[:, :, None, None]).amax((2, 3)))


class Siamese(nn.Module):
    """The same small network on both halves of the features; the head sees their difference."""

    def __init__(self, inputs, outputs, width=24):
        super().__init__()
        self.half = inputs[0] // 2
        self.body = nn.Sequential(nn.Linear(self.half, width), nn.ReLU(), nn.Linear(width, width))
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, x):
        a, b = self.body(x[:, : self.half]), self.body(x[:, self.half : 2 * self.half])
        return self.head(torch.cat([(a - b).abs(), a * b], 1).relu())


class Bottleneck(nn.Module):
    """A network that reads a series backwards through an LSTM and pools its maximum."""

    def __init__(self, inputs, outputs, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(inputs[1], hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, outputs)

    def forward(self, x):
        return self.head(self.lstm(x.flip(1))[0].amax(1))


class Ordinal(nn.Module):
    """One score and learned thresholds: logits of ordered classes by their distance."""

    def __init__(self, inputs, outputs, hidden=32):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(torch.Size(inputs).numel(), hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )
        self.middle = nn.Parameter(torch.linspace(-2, 2, outputs))
        self.sharp = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return -self.sharp.exp() * (self.body(x.flatten(1)) - self.middle).square()


def mixture(inputs, outputs, experts=4, hidden=24):
    """Return a mixture of experts with a soft gate."""
    return Mixture(torch.Size(inputs).numel(), outputs, experts, hidden)


class Mixture(nn.Module):
    def __init__(self, features, outputs, experts, hidden):
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
            for _ in range(experts)
        )
        self.gate = nn.Linear(features, experts)

    def forward(self, x):
        x = x.flatten(1)
        share = self.gate(x).softmax(1)
        return sum(share[:, [k]] * expert(x) for k, expert in enumerate(self.experts))
