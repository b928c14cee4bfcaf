"""Matrix factorization of ratings; embeddings and biases have an optimizer each."""
import sys
import torch
from torch import nn, optim

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
USERS, ITEMS, K = 120, 90, 6

pu, qi = torch.randn(USERS, 3), torch.randn(ITEMS, 3)
bu, bi = 0.7 * torch.randn(USERS), 0.7 * torch.randn(ITEMS)
every = torch.cartesian_prod(torch.arange(USERS), torch.arange(ITEMS))
every = every[torch.randperm(len(every))][:6000]
u, i = every.T
rating = 3.5 + bu[u] + bi[i] + 0.6 * (pu[u] * qi[i]).sum(1) + 0.2 * torch.randn(len(u))
fit, held = slice(0, 5000), slice(5000, None)


class MF(nn.Module):
    def __init__(self):
        super().__init__()
        self.user = nn.Embedding(USERS, K, sparse=True)
        self.item = nn.Embedding(ITEMS, K, sparse=True)
        self.user_bias = nn.Embedding(USERS, 1)
        self.item_bias = nn.Embedding(ITEMS, 1)
        self.mean = nn.Parameter(torch.zeros(()))
        for e in (self.user, self.item):
            nn.init.normal_(e.weight, std=0.1)
        for e in (self.user_bias, self.item_bias):
            nn.init.zeros_(e.weight)

    def forward(self, u, i):
        dot = (self.user(u) * self.item(i)).sum(1)
        return self.mean + dot + self.user_bias(u).squeeze(1) + self.item_bias(i).squeeze(1)


mf = MF()
sparse_opt = optim.SparseAdam([mf.user.weight, mf.item.weight], lr=0.02)
dense_opt = optim.Adam([mf.user_bias.weight, mf.item_bias.weight, mf.mean], lr=0.03)
criterion = nn.MSELoss()
for epoch in range(20):
    order = torch.randperm(5000)
    for part in order.split(100):
        sparse_opt.zero_grad(); dense_opt.zero_grad()
        loss = criterion(mf(u[fit][part], i[fit][part]), rating[fit][part])
        loss.backward()
        sparse_opt.step(); dense_opt.step()
    if epoch % 5 == 0: print(f"epoch {epoch} mse {loss.item():.3f}")

with torch.no_grad():
    res = mf(u[held], i[held]) - rating[held]
    base = rating[held] - rating[fit].mean()
print("score", 1 - (res.square().sum() / base.square().sum()).item())
