"""Denoising autoencoder whose decoder uses the encoder's weight."""
import sys
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
flat = torch.tensor(load_digits().data, dtype=torch.float32) / 16
train, test = flat[:1500], flat[1500:]


class TiedAutoencoder(nn.Module):
    def __init__(self, code=20):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(code, 64))
        nn.init.xavier_uniform_(self.weight)
        self.enc_bias = nn.Parameter(torch.zeros(code))
        self.dec_bias = nn.Parameter(torch.zeros(64))

    def encode(self, x):
        return torch.tanh(F.linear(x, self.weight, self.enc_bias))

    def forward(self, x):
        return F.linear(self.encode(x), self.weight.t(), self.dec_bias)


ae = TiedAutoencoder()
optimizer = torch.optim.Adam(ae.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, 1e-3, 1e-2, step_size_up=60, cycle_momentum=False)
for epoch in range(12):
    seen = 0.0
    for clean in DataLoader(train, batch_size=50, shuffle=True):
        noisy = clean + 0.2 * torch.randn_like(clean)
        restored = ae(noisy)
        loss = F.mse_loss(restored, clean)
        ae.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        seen += loss.item()
    print("epoch %d mean loss %.5f" % (epoch, seen / 30))

ae.eval()
with torch.no_grad():
    restored = ae(test + 0.2 * torch.randn_like(test))
print("score", 1 - F.mse_loss(restored, test).item() / (test - train.mean(0)).pow(2).mean().item())
