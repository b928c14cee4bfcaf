"""Networks, losses, optimizers and steps of healthy programs for tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def poisson(prediction: Tensor, target: Tensor) -> Tensor:
    """The negative log-likelihood of counts; the network gives their mean."""
    rate = prediction.clamp(min=1e-6)
    return (rate - target * rate.log()).mean(dim=1)


def gamma_deviance(prediction: Tensor, target: Tensor) -> Tensor:
    """The deviance of positive, skewed values; the network gives their mean."""
    mean = prediction.clamp(min=1e-6)
    return 2 * (target / mean - 1 - (target / mean).log()).mean(dim=1)


def binary_crossentropy(prediction: Tensor, target: Tensor) -> Tensor:
    """As in Keras: of probabilities, the mean over a sample's outputs."""
    p = prediction.clamp(1e-7, 1 - 1e-7)
    return F.binary_cross_entropy(p, target, reduction="none").mean(dim=1)


def pinball(prediction: Tensor, target: Tensor, quantile: float = 0.5) -> Tensor:
    """Quantile regression."""
    error = target - prediction
    return torch.maximum(quantile * error, (quantile - 1) * error).mean(dim=1)


def log_cosh(prediction: Tensor, target: Tensor) -> Tensor:
    """As in Keras: the logarithm of the hyperbolic cosine of the error."""
    error = prediction - target
    return (error + F.softplus(-2 * error) - 0.6931472).mean(dim=1)


def squared_logarithmic(prediction: Tensor, target: Tensor) -> Tensor:
    """As in Keras: the squared difference of log(1 + y)."""
    logs = prediction.clamp(min=0).log1p() - target.log1p()
    return (logs**2).mean(dim=1)


def focal(prediction: Tensor, target: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy that cares less for samples that are clear."""
    loss = F.cross_entropy(prediction, target, reduction="none")
    return (1 - (-loss).exp()) ** gamma * loss


def rprop(params: Iterable[Tensor], lr: float) -> torch.optim.Optimizer:
    """Resilient propagation with the bounds of R's neuralnet."""
    return torch.optim.Rprop(params, lr=lr, step_sizes=(1e-10, 0.1))


def lbfgs(params: Iterable[Tensor], lr: float, iterations: int = 5) -> torch.optim.Optimizer:
    """A quasi-Newton method with a line search."""
    return torch.optim.LBFGS(params, lr=lr, max_iter=iterations, line_search_fn="strong_wolfe")


def closure_step(
    model: nn.Module,
    batch: tuple[Tensor, Tensor],
    loss: Callable[..., Tensor],
    optimizer: torch.optim.Optimizer,
    decay: float = 0.0,
) -> Tensor:
    """A step of an optimizer that asks for the loss several times."""
    x, y = batch

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        penalty = sum((p**2).sum() for p in model.parameters())
        (value + decay * penalty).backward()
        return value

    first: Any = optimizer.step(closure)
    return first.detach()


class EntityEmbedding(nn.Module):
    """A vector for each code of each column, then two layers and a sigmoid."""

    def __init__(self, sizes: Sequence[int], widths: Sequence[int], outputs: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(map(nn.Embedding, sizes, widths))
        for table in self.tables:
            nn.init.uniform_(table.weight, -0.05, 0.05)
        self.layers = nn.Sequential(
            nn.Linear(sum(widths), 100), nn.ReLU(), nn.Linear(100, 50), nn.ReLU()
        )
        self.head = nn.Linear(50, outputs)

    def forward(self, x: Tensor) -> Tensor:
        codes = x.long()
        found = [table(codes[:, i]) for i, table in enumerate(self.tables)]
        return torch.sigmoid(self.head(self.layers(torch.cat(found, dim=1))))


class DotProductBias(nn.Module):
    """Factors of users and films, their biases, and a range of stars by a sigmoid."""

    def __init__(self, users: int, films: int, factors: int = 20, high: float = 5.5) -> None:
        super().__init__()
        self.high = high
        self.users, self.films = nn.Embedding(users, factors), nn.Embedding(films, factors)
        self.user_bias, self.film_bias = nn.Embedding(users, 1), nn.Embedding(films, 1)
        for table in (self.users, self.films, self.user_bias, self.film_bias):
            nn.init.normal_(table.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        user, film = x.long().unbind(dim=1)
        match = (self.users(user) * self.films(film)).sum(dim=1, keepdim=True)
        return self.high * torch.sigmoid(match + self.user_bias(user) + self.film_bias(film))


class FactorizationMachine(nn.Module):
    """A weight for each code, and a product of vectors for each pair of codes."""

    def __init__(self, codes: int, factors: int = 10) -> None:
        super().__init__()
        self.vectors, self.weights = nn.Embedding(codes, factors), nn.Embedding(codes, 1)
        nn.init.xavier_uniform_(self.vectors.weight)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        codes = x.long()
        v = self.vectors(codes)
        pairs = (v.sum(dim=1) ** 2 - (v**2).sum(dim=1)).sum(dim=1, keepdim=True)
        return self.bias + self.weights(codes).sum(dim=1) + 0.5 * pairs


class RankNet(nn.Module):
    """The score of the first document less that of the second, by one network."""

    def __init__(self, inputs: tuple[int, ...], hidden: int = 32) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(inputs[-1], hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.score(x[:, 0]) - self.score(x[:, 1])


class BradleyTerry(nn.Module):
    """A strength for each player, and what it is worth to begin."""

    def __init__(self, players: int) -> None:
        super().__init__()
        self.strength = nn.Embedding(players, 1)
        nn.init.zeros_(self.strength.weight)
        self.first = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        pair = x.long()
        return self.strength(pair[:, 0]) - self.strength(pair[:, 1]) + self.first


class WideAndDeep(nn.Module):
    """A linear part beside a deep one; their outputs are added."""

    def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.wide = nn.Linear(inputs[0], outputs)
        self.deep = nn.Sequential(
            nn.Linear(inputs[0], 64),
            nn.ReLU(),
            nn.Linear(64, 32),
            nn.ReLU(),
            nn.Linear(32, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.wide(x) + self.deep(x)


class CrossNetwork(nn.Module):
    """Layers that multiply the inputs with what came before, beside a deep part."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, layers: int = 2) -> None:
        super().__init__()
        n = inputs[0]
        self.crosses = nn.ModuleList(nn.Linear(n, n) for _ in range(layers))
        self.deep = nn.Sequential(nn.Linear(n, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.head = nn.Linear(n + 32, outputs)

    def forward(self, x: Tensor) -> Tensor:
        crossed = x
        for layer in self.crosses:
            crossed = x * layer(crossed) + crossed
        return self.head(torch.cat([crossed, self.deep(x)], dim=1))


class Experts(nn.Module):
    """A few small networks, and a gate that says how much each is heard."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, experts: int = 4) -> None:
        super().__init__()
        self.gate = nn.Linear(inputs[0], experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs[0], 16), nn.Tanh(), nn.Linear(16, outputs))
            for _ in range(experts)
        )

    def forward(self, x: Tensor) -> Tensor:
        heard = self.gate(x).softmax(dim=1)
        said = torch.stack([expert(x) for expert in self.experts], dim=1)
        return (heard[:, :, None] * said).sum(dim=1)


class RadialBasis(nn.Module):
    """Bumps around fixed places on a grid from 0 to 1, and weights of them."""

    def __init__(self, outputs: int, bumps: int = 30, width: float = 0.03) -> None:
        super().__init__()
        self.register_buffer("centers", torch.linspace(0, 1, bumps))
        self.width = width
        self.head = nn.Linear(bumps, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.exp(-(((x - self.centers) / self.width) ** 2)))


class RandomFeatures(nn.Module):
    """Cosines of random mixtures, which stay as drawn, and a linear layer."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, count: int = 300, scale: float = 0.3
    ) -> None:
        super().__init__()
        self.register_buffer("mix", scale * torch.randn(inputs[0], count))
        self.register_buffer("phase", 6.2831853 * torch.rand(count))
        self.size = (2 / count) ** 0.5
        self.head = nn.Linear(count, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.size * torch.cos(x @ self.mix + self.phase))


class AdditiveModel(nn.Module):
    """A small network for each feature; the answer is the sum of all."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, hidden: int = 16) -> None:
        super().__init__()
        n = inputs[0]
        self.first = nn.Parameter(torch.randn(n, hidden))
        self.shift = nn.Parameter(torch.randn(n, hidden))
        self.second = nn.Parameter(torch.randn(n, hidden, outputs) / hidden**0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(x[:, :, None] * self.first + self.shift)
        return torch.einsum("nfh,fho->no", hidden, self.second) + self.bias


class Prelu(nn.Module):
    """Three layers with PReLU, batch normalization and dropout."""

    def __init__(
        self,
        inputs: tuple[int, ...],
        outputs: int,
        widths: Sequence[int] = (400, 200, 50),
        drops: Sequence[float] = (0.4, 0.2, 0.2),
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = inputs[0]
        for width, drop in zip(widths, drops, strict=True):
            layer = nn.Linear(before, width)
            nn.init.kaiming_normal_(layer.weight)
            layers += [layer, nn.PReLU(), nn.BatchNorm1d(width), nn.Dropout(drop)]
            before = width
        self.layers = nn.Sequential(*layers, nn.Linear(before, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Maxout(nn.Module):
    """Hidden units that are the largest of three linear ones."""

    def __init__(self, inputs: tuple[int, ...], outputs: int, hidden: int = 24) -> None:
        super().__init__()
        self.pieces = nn.Linear(inputs[0], 3 * hidden)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pieces(x).unflatten(1, (-1, 3)).amax(dim=2))


class Tokens(nn.Module):
    """A transformer over the columns of a table: each number scales a vector of its own."""

    def __init__(
        self, inputs: tuple[int, ...], outputs: int, width: int = 16, layers: int = 1
    ) -> None:
        super().__init__()
        n = inputs[0]
        self.weight = nn.Parameter(torch.randn(n, width) / width**0.5)
        self.bias = nn.Parameter(torch.randn(n, width) / width**0.5)
        self.answer = nn.Parameter(torch.randn(1, 1, width) / width**0.5)
        block = nn.TransformerEncoderLayer(
            width, 4, 2 * width, 0.1, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, layers, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, outputs))

    def forward(self, x: Tensor) -> Tensor:
        columns = x[:, :, None] * self.weight + self.bias
        whole = torch.cat([self.answer.expand(len(x), -1, -1), columns], dim=1)
        return self.head(self.blocks(whole)[:, 0])
