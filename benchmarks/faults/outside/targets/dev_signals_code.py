"""Networks, losses, optimizers and steps of healthy programs, as their authors wrote them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# Networks for pictures.


class LeNet(nn.Module):
    """Sigmoid units and average pools, as of old, with Xavier's weights."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        side = inputs[-1] // 2
        self.net = nn.Sequential(
            nn.Conv2d(inputs[0], 6, 5, padding=2),
            nn.Sigmoid(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 3, padding=1),
            nn.Sigmoid(),
            nn.Flatten(),
            nn.Linear(16 * side * side, 60),
            nn.Sigmoid(),
            nn.Linear(60, outputs),
        )
        for layer in self.net:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


def depthwise(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU6(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class MobileNet(nn.Module):
    """A first convolution, three separable ones, the mean over all places."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = 12) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(inputs[0], width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU6(),
            depthwise(width, 2 * width, 2),
            depthwise(2 * width, 2 * width, 1),
            depthwise(2 * width, 4 * width, 2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4 * width, outputs),
        )

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class Separable(nn.Module):
    """Separable convolutions with max pools and without norms, as in a book on Keras."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs[0], 16, 3, padding=1)
        self.places = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.mix = nn.Conv2d(16, 32, 1)
        self.dense = nn.Linear(32, 32)
        self.head = nn.Linear(32, outputs)

    def forward(self, x: Tensor) -> Any:
        h = functional.max_pool2d(functional.relu(self.first(x)), 2)
        h = functional.max_pool2d(functional.relu(self.mix(self.places(h))), 2)
        h = h.amax((2, 3))
        return self.head(functional.relu(self.dense(h)))


class Flax(nn.Module):
    """Two convolutions, each with an average pool, and one dense layer."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        side = inputs[-1] // 4
        self.net = nn.Sequential(
            nn.Conv2d(inputs[0], 16, 3, padding=1),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * side * side, 64),
            nn.ReLU(),
            nn.Linear(64, outputs),
        )

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class Highway(nn.Module):
    """Many layers that first let pass what comes in: gates with a bias of -2."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, layers: int = 8, width: int = 40
    ) -> None:
        super().__init__()
        self.first = nn.Linear(math.prod(inputs), width)
        self.plain = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.gates = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        for gate in self.gates:
            if isinstance(gate, nn.Linear):
                nn.init.constant_(gate.bias, -2.0)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Any:
        h = self.first(x.flatten(1))
        for plain, gate in zip(self.plain, self.gates, strict=True):
            t = torch.sigmoid(gate(h))
            h = t * torch.relu(plain(h)) + (1 - t) * h
        return self.head(h)


class Siren(nn.Module):
    """Layers of sines, with the weights of the paper."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, width: int = 48, omega: float = 10.0
    ) -> None:
        super().__init__()
        self.omega = omega
        sizes = [inputs[0], width, width]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.head = nn.Linear(width, outputs)
        for place, layer in enumerate([*self.layers, self.head]):
            fan = layer.weight.shape[1]
            bound = 1 / fan if place == 0 else math.sqrt(6 / fan) / omega
            nn.init.uniform_(layer.weight, -bound, bound)

    def forward(self, x: Tensor) -> Any:
        for layer in self.layers:
            x = torch.sin(self.omega * layer(x))
        return self.head(x)


class FourierFeatures(nn.Module):
    """Fixed random waves of the place, then ReLU layers and a squashed output."""

    waves: Tensor

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, waves: int = 32, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.register_buffer("waves", scale * torch.randn(inputs[0], waves))
        self.net = nn.Sequential(
            nn.Linear(2 * waves, 64),
            nn.ReLU(),
            nn.Linear(64, 64),
            nn.ReLU(),
            nn.Linear(64, outputs),
        )

    def forward(self, x: Tensor) -> Any:
        turn = 2 * math.pi * x @ self.waves
        return torch.tanh(self.net(torch.cat([turn.sin(), turn.cos()], -1)))


class ConvMixer(nn.Module):
    """Patches, then blocks that mix places with a way around, then channels."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, width: int = 24, depth: int = 3
    ) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(inputs[0], width, 2, 2), nn.GELU(), nn.BatchNorm2d(width)
        )
        self.places = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, 5, padding=2, groups=width),
                nn.GELU(),
                nn.BatchNorm2d(width),
            )
            for _ in range(depth)
        )
        self.channels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 1), nn.GELU(), nn.BatchNorm2d(width))
            for _ in range(depth)
        )
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Any:
        h = self.first(x)
        for places, channels in zip(self.places, self.channels, strict=True):
            h = channels(h + places(h))
        return self.head(h.mean((2, 3)))


class NetworkInNetwork(nn.Module):
    """Convolutions of one by one between the others; the last channels are the classes."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = 24) -> None:
        super().__init__()

        def block(before: int, after: int) -> list[nn.Module]:
            return [
                nn.Conv2d(before, after, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(after, after, 1),
                nn.ReLU(),
                nn.Conv2d(after, after, 1),
                nn.ReLU(),
            ]

        self.net = nn.Sequential(
            *block(inputs[0], width),
            nn.MaxPool2d(2),
            *block(width, 2 * width),
            nn.MaxPool2d(2),
            nn.Dropout(0.5),
            *block(2 * width, outputs)[:-1],
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        for layer in self.net:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class TwoPictures(nn.Module):
    """One small network sees both halves; their features are joined."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.middle = inputs[-1] // 2
        self.eye = nn.Sequential(
            nn.Conv2d(inputs[0], 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * (inputs[1] // 2) * (self.middle // 2), 32),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, outputs))

    def forward(self, x: Tensor) -> Any:
        left, right = self.eye(x[..., : self.middle]), self.eye(x[..., self.middle :])
        return self.head(torch.cat([left, right], 1))


class RadialBasis(nn.Module):
    """Bumps around places in the input, and a linear layer of how near they are."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, centres: int = 40) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(centres, inputs[0]))
        self.sharp = nn.Parameter(torch.zeros(centres))
        self.head = nn.Linear(centres, outputs)

    def forward(self, x: Tensor) -> Any:
        far = ((x[:, None] - self.centres) ** 2).sum(-1)
        return self.head(torch.exp(-far * self.sharp.exp()))


# Networks for sets and graphs.


class DeepSets(nn.Module):
    """Each member is seen alone, then their sum is."""

    def __init__(self, outputs: int, many: int = 11, width: int = 24) -> None:
        super().__init__()
        self.member = nn.Sequential(nn.Embedding(many, width), nn.Linear(width, width), nn.ReLU())
        self.whole = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs))

    def forward(self, x: Tensor) -> Any:
        there = (x > 0).float()[..., None]
        return self.whole((self.member(x.long()) * there).sum(1))


class PointNet(nn.Module):
    """The same layers for each point, the largest of every feature, dense layers."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.point = nn.Sequential(
            nn.Conv1d(inputs[-1], 32, 1),
            nn.BatchNorm1d(32),
            nn.ReLU(),
            nn.Conv1d(32, 64, 1),
            nn.BatchNorm1d(64),
            nn.ReLU(),
        )
        self.whole = nn.Sequential(
            nn.Linear(64, 32),
            nn.BatchNorm1d(32),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(32, outputs),
        )

    def forward(self, x: Tensor) -> Any:
        return self.whole(self.point(x.transpose(1, 2)).amax(-1))


class GraphNet(nn.Module):
    """Two rounds in which an atom hears its neighbours; the sum of all atoms that are there."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = 32) -> None:
        super().__init__()
        self.atoms = inputs[0]
        self.first = nn.Linear(inputs[1] - inputs[0], width)
        self.hear = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.keep = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs))

    def forward(self, x: Tensor) -> Any:
        bound, kind = x[..., : self.atoms], x[..., self.atoms :]
        there = kind.sum(-1, keepdim=True)
        h = self.first(kind)
        for hear, keep in zip(self.hear, self.keep, strict=True):
            h = torch.relu(hear(bound @ h) / 3 + keep(h)) * there
        return self.head(h.sum(1) / self.atoms)


# Networks for series [N, T, features].


class FullyConvolutional(nn.Module):
    """Three convolutions over time with batch norm, and the mean over all steps."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = inputs[-1]
        for _ in range(3):
            layers += [nn.Conv1d(before, width, 3, padding=1), nn.BatchNorm1d(width), nn.ReLU()]
            before = width
        self.net = nn.Sequential(*layers)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.net(x.transpose(1, 2)).mean(-1))


class WideKernel(nn.Module):
    """A first kernel as wide as a knock, short ones after it."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(inputs[-1], 16, 64, stride=8, padding=28),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 3, padding=1),
            nn.BatchNorm1d(32),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Flatten(),
            nn.Linear(32 * (inputs[0] // 32), 50),
            nn.ReLU(),
            nn.Linear(50, outputs),
        )

    def forward(self, x: Tensor) -> Any:
        return self.net(x.transpose(1, 2))


class ConvLstm(nn.Module):
    """Convolutions over time, and an LSTM over what they see."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = 16) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv1d(inputs[-1], width, 5),
            nn.ReLU(),
            nn.Conv1d(width, width, 5, stride=2),
            nn.ReLU(),
        )
        self.lstm = nn.LSTM(width, 32, batch_first=True)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(32, outputs)

    def forward(self, x: Tensor) -> Any:
        seen, _ = self.lstm(self.convs(x.transpose(1, 2)).transpose(1, 2))
        return self.head(self.drop(seen[:, -1]))


class Dilated(nn.Module):
    """Causal convolutions whose steps double, each with a way around it."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, width: int = 24, levels: int = 4
    ) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs[-1], width, 1)
        self.convs = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(nn.Conv1d(width, width, 3, dilation=2**level))
            for level in range(levels)
        )
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Any:
        h = self.first(x.transpose(1, 2))
        for level, conv in enumerate(self.convs):
            h = h + torch.relu(conv(functional.pad(h, (2 * 2**level, 0))))
        return self.head(h[..., -1])


class DLinear(nn.Module):
    """A linear map of the trend and one of what is left; nothing else."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, width: int = 25) -> None:
        super().__init__()
        self.width = width
        self.trend = nn.Linear(inputs[0], outputs)
        self.rest = nn.Linear(inputs[0], outputs)

    def forward(self, x: Tensor) -> Any:
        around = self.width // 2
        padded = functional.pad(x[:, None], (around, around), mode="replicate")
        trend = functional.avg_pool1d(padded, self.width, 1)[:, 0]
        return self.trend(trend) + self.rest(x - trend)


class Beats(nn.Module):
    """Blocks that take from the past what they explain, and add to the forecast."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, blocks: int = 3, width: int = 48
    ) -> None:
        super().__init__()
        self.past = inputs[0]
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Linear(self.past, width),
                nn.ReLU(),
                nn.Linear(width, width),
                nn.ReLU(),
                nn.Linear(width, self.past + outputs),
            )
            for _ in range(blocks)
        )

    def forward(self, x: Tensor) -> Any:
        forecasts = []
        for block in self.blocks:
            both = block(x)
            x = x - both[:, : self.past]
            forecasts.append(both[:, self.past :])
        return torch.stack(forecasts).sum(0)


class EchoState(nn.Module):
    """A reservoir that is drawn and never trained; only the readout learns."""

    weights: Tensor
    entry: Tensor

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, units: int = 100, radius: float = 0.9
    ) -> None:
        super().__init__()
        weights = torch.randn(units, units) * (torch.rand(units, units) < 0.1)
        weights = weights * radius / torch.linalg.eigvals(weights).abs().max()
        self.register_buffer("weights", weights)
        self.register_buffer("entry", torch.rand(inputs[-1], units) - 0.5)
        self.head = nn.Linear(units, outputs)

    def forward(self, x: Tensor) -> Any:
        state = x.new_zeros(len(x), len(self.weights))
        for step in range(x.shape[1]):
            state = torch.tanh(x[:, step] @ self.entry + state @ self.weights)
        return self.head(state)


class OwnLstm(nn.Module):
    """The four gates written out."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, units: int = 24) -> None:
        super().__init__()
        self.units = units
        self.entry = nn.Linear(inputs[-1], 4 * units)
        self.back = nn.Linear(units, 4 * units, bias=False)
        self.head = nn.Linear(units, outputs)

    def forward(self, x: Tensor) -> Any:
        h = x.new_zeros(len(x), self.units)
        c = torch.zeros_like(h)
        for step in x.flatten(2).unbind(1) if x.dim() > 3 else x.unbind(1):
            i, f, o, g = (self.entry(step) + self.back(h)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h)


class Motifs(nn.Module):
    """Kernels that look for motifs, wherever they are."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, kernels: int = 24, width: int = 8
    ) -> None:
        super().__init__()
        self.scan = nn.Conv1d(inputs[-1], kernels, width)
        self.dense = nn.Linear(kernels, 32)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(32, outputs)

    def forward(self, x: Tensor) -> Any:
        found = torch.relu(self.scan(x.transpose(1, 2))).amax(-1)
        return self.head(torch.relu(self.dense(self.drop(found))))


# Networks for ids.


class EmbeddingMean(nn.Module):
    """The mean of the words' vectors and one linear layer; 0 does not count."""

    def __init__(self, outputs: int, many: int = 200, width: int = 32) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(many, width, mode="mean", padding_idx=0)
        self.head = nn.Linear(width, outputs)
        nn.init.uniform_(self.words.weight, -0.5, 0.5)
        nn.init.uniform_(self.head.weight, -0.5, 0.5)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.words(x.long()))


class KimCnn(nn.Module):
    """Kernels over three, four and five words, the largest of each, dropout of a half."""

    def __init__(self, outputs: int, many: int = 200, width: int = 24, kernels: int = 24) -> None:
        super().__init__()
        self.words = nn.Embedding(many, width, padding_idx=0)
        self.convs = nn.ModuleList(nn.Conv1d(width, kernels, size) for size in (3, 4, 5))
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(3 * kernels, outputs)

    def forward(self, x: Tensor) -> Any:
        seen = self.words(x.long()).transpose(1, 2)
        found = [torch.relu(conv(seen)).amax(-1) for conv in self.convs]
        return self.head(self.drop(torch.cat(found, 1)))


class Makemore(nn.Module):
    """Vectors of three letters side by side, a layer of tanh, and the next letter's scores."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, width: int = 10, hidden: int = 100
    ) -> None:
        super().__init__()
        self.letters = nn.Embedding(27, width)
        self.hidden = nn.Linear(inputs[0] * width, hidden)
        self.head = nn.Linear(hidden, outputs)
        nn.init.normal_(self.hidden.weight, std=(5 / 3) / math.sqrt(inputs[0] * width))
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Any:
        return self.head(torch.tanh(self.hidden(self.letters(x.long()).flatten(1))))


class Cbow(nn.Module):
    """The mean of the neighbours' vectors, and the scores of all words."""

    def __init__(self, outputs: int, many: int = 40, width: int = 16) -> None:
        super().__init__()
        self.words = nn.Embedding(many, width)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.words(x.long()).mean(1))


class Factors(nn.Module):
    """A user's vector times a film's, and what each adds by itself."""

    def __init__(self, users: int = 80, films: int = 60, width: int = 6) -> None:
        super().__init__()
        self.user, self.film = nn.Embedding(users, width), nn.Embedding(films, width)
        self.of_user, self.of_film = nn.Embedding(users, 1), nn.Embedding(films, 1)
        for table in (self.user, self.film, self.of_user, self.of_film):
            nn.init.normal_(table.weight, std=0.1)
        self.mean = nn.Parameter(torch.tensor(3.5))

    def forward(self, x: Tensor) -> Any:
        user, film = x.long().unbind(1)
        both = (self.user(user) * self.film(film)).sum(1, keepdim=True)
        return self.mean + self.of_user(user) + self.of_film(film) + both


class Attention(nn.Module):
    """An encoder with norms after the sums, sinusoids for places, and the mean of its outputs."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, many: int = 10, width: int = 32
    ) -> None:
        super().__init__()
        self.width = width
        self.words = nn.Embedding(many, width)
        layer = nn.TransformerEncoderLayer(width, 4, 64, 0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, outputs)
        place = torch.arange(inputs[0])[:, None]
        turn = place * torch.exp(-math.log(10000) * torch.arange(0, width, 2) / width)
        waves = torch.stack([turn.sin(), turn.cos()], -1).flatten(1)
        self.register_buffer("places", waves)

    def forward(self, x: Tensor) -> Any:
        seen = self.words(x.long()) * math.sqrt(self.width) + self.places
        return self.head(self.encoder(seen).mean(1))


class Dropped(nn.Module):
    """A plain network with dropout, for steps that look twice."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, width: int = 64, p: float = 0.3
    ) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(inputs), width),
            nn.ReLU(),
            nn.Dropout(p),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(p),
            nn.Linear(width, outputs),
        )

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


# Losses.


def quadratic(prediction: Tensor, target: Tensor) -> Tensor:
    """Half of the squared distance between the outputs and the one-hot target."""
    wanted = functional.one_hot(target, prediction.shape[1])
    return 0.5 * ((prediction - wanted) ** 2).sum(1)


def every_output(prediction: Tensor, target: Tensor) -> Tensor:
    """The cross-entropy of every sigmoid output, summed."""
    wanted = functional.one_hot(target, prediction.shape[1]).float()
    loss = functional.binary_cross_entropy_with_logits(prediction, wanted, reduction="none")
    return loss.sum(1)


def focal(prediction: Tensor, target: Tensor, gamma: float = 2.0, rare: float = 0.75) -> Tensor:
    """What is sure already counts little; the rare class counts more."""
    logs = functional.log_softmax(prediction, 1).gather(1, target[:, None])[:, 0]
    weight = torch.where(target == 1, rare, 1 - rare)
    return -weight * (1 - logs.exp()) ** gamma * logs


def far_from_right(prediction: Tensor, target: Tensor) -> Tensor:
    """One minus the probability of the right class."""
    return 1 - prediction.softmax(1).gather(1, target[:, None])[:, 0]


def svm(prediction: Tensor, target: Tensor) -> Tensor:
    """Every wrong class has to lie one below the right one."""
    right = prediction.gather(1, target[:, None])
    margins = (prediction - right + 1).clamp(min=0)
    return margins.scatter(1, target[:, None], 0.0).sum(1)


def pinball(prediction: Tensor, target: Tensor, share: float = 0.5) -> Tensor:
    """The quantile loss; a half is the median."""
    error = target - prediction
    return torch.maximum(share * error, (share - 1) * error).mean(1)


def log_cosh(prediction: Tensor, target: Tensor) -> Tensor:
    """Square near the target, a line far away."""
    error = (prediction - target).abs()
    return (error + functional.softplus(-2 * error) - math.log(2)).mean(1)


# Optimizers.


class Lars(torch.optim.Optimizer):
    """Momentum whose rate in each layer follows the size of its weights."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.9,
        decay: float = 1e-4,
        trust: float = 0.02,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay, "trust": trust})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                change = weight.grad
                rate = group["lr"]
                if weight.dim() > 1:
                    change = change + group["decay"] * weight
                    rate = rate * group["trust"] * weight.norm() / (change.norm() + 1e-9)
                else:
                    rate = rate * group["trust"]
                state = self.state[weight]
                if not state:
                    state["speed"] = torch.zeros_like(weight)
                state["speed"].mul_(group["momentum"]).add_(rate * change)
                weight.sub_(state["speed"])


class AdaBelief(torch.optim.Optimizer):
    """Adam that divides by how far the gradient was from what was expected."""

    def __init__(self, params: Iterable[Any], lr: float, eps: float = 1e-12) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["t"] = 0
                    state["m"], state["s"] = torch.zeros_like(weight), torch.zeros_like(weight)
                state["t"] += 1
                m, s, t = state["m"], state["s"], state["t"]
                m.lerp_(weight.grad, 0.1)
                s.mul_(0.999).add_(0.001 * (weight.grad - m) ** 2 + group["eps"])
                size = (s / (1 - 0.999**t)).sqrt() + group["eps"]
                weight.sub_(group["lr"] * m / (1 - 0.9**t) / size)


# Steps.

Batch = tuple[Tensor, Tensor]
LossOf = Callable[[Tensor, Tensor], Tensor]


def looks_twice(
    model: nn.Module, batch: Batch, loss: LossOf, optimizer: torch.optim.Optimizer
) -> Tensor:
    """Two passes with different dropout that shall agree (R-Drop)."""
    x, y = batch
    first, second = model(x), model(x)
    p, q = functional.log_softmax(first, 1), functional.log_softmax(second, 1)
    apart = functional.kl_div(p, q, log_target=True, reduction="batchmean")
    apart = apart + functional.kl_div(q, p, log_target=True, reduction="batchmean")
    value = (loss(first, y) + loss(second, y)) / 2 + 0.5 * apart / 2
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


def in_four_parts(
    model: nn.Module, batch: Batch, loss: LossOf, optimizer: torch.optim.Optimizer
) -> Tensor:
    """The gradients of four small batches are summed before one step."""
    x, y = batch
    optimizer.zero_grad(set_to_none=True)
    whole = torch.zeros(())
    for part, wanted in zip(x.chunk(4), y.chunk(4), strict=True):
        value = loss(model(part), wanted) * len(part) / len(x)
        value.backward()
        whole = whole + value.detach()
    optimizer.step()
    return whole


def against_an_enemy(
    model: nn.Module,
    batch: Batch,
    loss: LossOf,
    optimizer: torch.optim.Optimizer,
    size: float = 0.1,
) -> Tensor:
    """Half of the loss is that of inputs moved against the network (FGSM)."""
    x, y = batch
    moved = x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(model(moved), y), moved)
    worse = (x + size * slope.sign()).detach()
    optimizer.zero_grad()
    value = (loss(model(x), y) + loss(model(worse), y)) / 2
    value.backward()
    optimizer.step()
    return value


def clipped(
    model: nn.Module, batch: Batch, loss: LossOf, optimizer: torch.optim.Optimizer
) -> Tensor:
    """The usual step; gradients are cut to a norm of one."""
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return value
