"""A variational autoencoder of digits. Score: the share of the pixels' variance that its
reconstructions explain."""
import sys

import torch
from sklearn.datasets import load_digits
from torch import nn, optim
from torch.distributions import Normal, kl_divergence


class VAE(nn.Module):
    def __init__(self, code=8, width=96):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, width), nn.LeakyReLU(0.1), nn.Linear(width, 2 * code))
        self.decoder = nn.Sequential(
            nn.Linear(code, width), nn.LeakyReLU(0.1), nn.Linear(width, 64), nn.Sigmoid()
        )

    def posterior(self, x):
        mu, raw = self.encoder(x).chunk(2, dim=1)
        return Normal(mu, nn.functional.softplus(raw) + 1e-4)

    def forward(self, x):
        q = self.posterior(x)
        z = q.rsample()
        return self.decoder(z), q


def elbo_terms(x, recon, q):
    reconstruction = 20.0 * ((recon - x) ** 2).sum(dim=1)
    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(dim=1)
    return reconstruction.mean(), kl.mean()


def epochs(model, data, optimizer, count):
    for epoch in range(count):
        sums = [0.0, 0.0]
        for (x,) in data:
            recon, q = model(x)
            reconstruction, kl = elbo_terms(x, recon, q)
            loss = reconstruction + kl
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            sums[0] += reconstruction.item()
            sums[1] += kl.item()
        yield epoch, sums[0] / len(data), sums[1] / len(data)


def main(seed):
    torch.manual_seed(seed)
    pixels = torch.tensor(load_digits().data, dtype=torch.float32)
    pixels = pixels / 16.0
    pixels = pixels[torch.randperm(len(pixels))]
    train, test = pixels[:1400], pixels[1400:]
    data = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(train), batch_size=50, shuffle=True, drop_last=True
    )
    model = VAE()
    for epoch, reconstruction, kl in epochs(model, data, optim.Adam(model.parameters(), lr=3e-3), 20):
        if epoch % 5 == 0:
            print(f"{epoch}: reconstruction {reconstruction:.2f} kl {kl:.2f}")
    model.eval()
    with torch.no_grad():
        restored = model.decoder(model.posterior(test).mean)
        error = ((restored - test) ** 2).mean()
    print("score", 1 - error.item() / ((test - train.mean(0)) ** 2).mean().item())


main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
