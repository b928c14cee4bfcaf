"""Metric learning with a triplet loss; nearest class centre on held-out data."""
import argparse
import torch
from torch import nn

p = argparse.ArgumentParser()
p.add_argument("seed", nargs="?", type=int, default=0)
p.add_argument("--margin", type=float, default=0.5)
p.add_argument("--steps", type=int, default=300)
opts = p.parse_args()
torch.manual_seed(opts.seed)

# six classes: a signal of a certain shape at a random phase, with a strong offset that means nothing
def signals(n):
    c = torch.randint(0, 6, (n,))
    s = torch.linspace(0, 6.28, 40)
    phase = torch.rand(n, 1) * 6.28
    wave = torch.sin((c[:, None] + 1) * s + phase)
    return (wave + 0.5 * torch.randn(n, 40) + 0.5 * torch.randn(n, 1)).unsqueeze(1), c

class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(1, 16, 7, stride=2), nn.ReLU(),
            nn.Conv1d(16, 32, 5, stride=2), nn.ReLU(),
            nn.AdaptiveAvgPool1d(2), nn.Flatten(),
        )
        self.lin = nn.Linear(64, 16)
    def forward(self, x):
        return nn.functional.normalize(self.lin(self.conv(x)), dim=1)

xs, cs = signals(1200)
xt, ct = signals(400)
by_class = [torch.nonzero(cs == k)[:, 0] for k in range(6)]

def triplets(n):
    a_cls = torch.randint(0, 6, (n,))
    n_cls = (a_cls + torch.randint(1, 6, (n,))) % 6
    draw = lambda k: by_class[k][torch.randint(0, len(by_class[k]), ())]
    anchor = torch.stack([draw(k) for k in a_cls])
    positive = torch.stack([draw(k) for k in a_cls])
    negative = torch.stack([draw(k) for k in n_cls])
    return xs[anchor], xs[positive], xs[negative]

net = Embed()
criterion = nn.TripletMarginLoss(margin=opts.margin)
optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
for step in range(opts.steps):
    net.train()
    a, b, c = triplets(48)
    loss = criterion(net(a), net(b), net(c))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 60 == 0:
        print("step", step, "loss", loss.item())

net.eval()
with torch.no_grad():
    z, zt = net(xs), net(xt)
centres = torch.stack([z[i].mean(0) for i in by_class])
print("score", (torch.cdist(zt, centres).argmin(1) == ct).float().mean().item())
