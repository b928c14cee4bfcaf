"""A variational autoencoder of the digits, judged by its bound on the likelihood."""
import sys
from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.utils.data import DataLoader, TensorDataset, random_split


@dataclass
class Config:
    seed: int = 0
    latent: int = 12
    width: int = 128
    variance: float = 0.04
    epochs: int = 12
    batch_size: int = 64
    lr: float = 2e-3


class Encoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.hidden = nn.Linear(64, cfg.width)
        self.hidden2 = nn.Linear(cfg.width, cfg.width)
        self.mu = nn.Linear(cfg.width, cfg.latent)
        self.log_var = nn.Linear(cfg.width, cfg.latent)

    def forward(self, x):
        h = torch.relu(self.hidden(x))
        h = torch.relu(self.hidden2(h))
        return self.mu(h), self.log_var(h)


class VAE(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.encoder = Encoder(cfg)
        self.decoder = nn.Sequential(
            nn.Linear(cfg.latent, cfg.width),
            nn.ReLU(),
            nn.Linear(cfg.width, cfg.width),
            nn.ReLU(),
            nn.Linear(cfg.width, 64),
            nn.Sigmoid(),
        )

    def reparameterize(self, mu, log_var):
        std = torch.exp(0.5 * log_var)
        return mu + std * torch.randn_like(std)

    def forward(self, x):
        mu, log_var = self.encoder(x)
        return self.decoder(self.reparameterize(mu, log_var)), mu, log_var

    def loss(self, x):
        x_hat, mu, log_var = self(x)
        recon = ((x - x_hat) ** 2).sum(dim=1) / (2 * self.cfg.variance)
        kl = -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp(), dim=1)
        return (recon + kl).mean()


@torch.no_grad()
def bound(model, x, variance, samples=8):
    """The negative bound in nats per image, but for a constant."""
    mu, log_var = model.encoder(x)
    posterior = Normal(mu, torch.exp(log_var / 2))
    kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum(1)
    recon = sum(((x - model.decoder(posterior.sample())) ** 2).sum(1) for _ in range(samples)) / samples
    return (recon / (2 * variance) + kl).mean().item()


def run(cfg):
    torch.manual_seed(cfg.seed)
    images = torch.tensor(load_digits().data / 16.0, dtype=torch.float32)
    train, test = random_split(TensorDataset(images), [1400, len(images) - 1400])
    loader = DataLoader(train, batch_size=cfg.batch_size, shuffle=True, drop_last=True)
    model = VAE(cfg)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        model.train()
        running = 0.0
        for (x,) in loader:
            loss = model.loss(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item()
        if epoch % 5 == 4:
            print(f"[{epoch + 1:02d}] {running / len(loader):.3f}")
    model.eval()
    x_test = images[test.indices]
    nothing = ((x_test - images[train.indices].mean(0)) ** 2).sum(1).mean().item() / (2 * cfg.variance)
    return 1 - bound(model, x_test, cfg.variance) / nothing


if __name__ == "__main__":
    config = Config(seed=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print("score", run(config))
