"""Multi-label tags of short texts: a bag of sparse embeddings, with one optimizer for the sparse part
and one for the dense part. The score is the mean f1 over tags."""
from __future__ import annotations

import sys

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VOCAB, TAGS, WORDS = 300, 6, 15


def texts(n: int, topics: Tensor) -> tuple[Tensor, Tensor]:
    tags = (torch.rand(n, TAGS) < 0.2).float()
    weights = 1.0 + 10.0 * tags @ topics
    words = torch.multinomial(weights, WORDS, replacement=True)
    return words, tags


class Tagger(nn.Module):
    def __init__(self, dim: int = 24) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, dim, mode="mean", sparse=True)
        self.body = nn.Sequential(nn.Linear(dim, 48), nn.LeakyReLU(0.1), nn.Dropout(0.1))
        self.heads = nn.Linear(48, TAGS)

    def forward(self, words: Tensor) -> Tensor:
        return self.heads(self.body(self.bag(words)))

    def dense_parameters(self) -> list[nn.Parameter]:
        return [*self.body.parameters(), *self.heads.parameters()]


def f1(predicted: Tensor, tags: Tensor) -> float:
    hits = (predicted * tags).sum(0)
    return (2 * hits / (predicted.sum(0) + tags.sum(0)).clamp(min=1)).mean().item()


def main(seed: int) -> None:
    torch.manual_seed(seed)
    topics = (torch.rand(TAGS, VOCAB) < 0.08).float()
    words, tags = texts(2000, topics)
    words_test, tags_test = texts(600, topics)
    model = Tagger()
    optimizers = [
        torch.optim.SparseAdam(list(model.bag.parameters()), lr=0.02),
        torch.optim.Adam(model.dense_parameters(), lr=0.005),
    ]
    pos_weight = (1 - tags).sum(0) / tags.sum(0)

    for epoch in range(10):
        model.train()
        running = 0.0
        for ids in torch.randperm(len(words)).chunk(40):
            loss = F.binary_cross_entropy_with_logits(
                model(words[ids]), tags[ids], pos_weight=pos_weight
            )
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            running += float(loss)
        print(f"{epoch:>2} {running / 40:.4f}")

    model.eval()
    with torch.no_grad():
        probability = torch.sigmoid(model(words_test))
    print("score", f1((probability > 0.5).float(), tags_test))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
