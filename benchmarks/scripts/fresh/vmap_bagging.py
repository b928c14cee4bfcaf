"""Bagging with torch.func: five networks as one, their parameters stacked, each on its own bootstrap."""
import sys

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
MEMBERS = 5

raw = load_breast_cancer()
X = torch.tensor(raw.data).float()
Y = torch.tensor(raw.target).float()
perm = torch.randperm(len(X))
X, Y = X[perm], Y[perm]
center, scale = X[:400].mean(0), X[:400].std(0)
X = (X - center) / scale
X_train, Y_train, X_test, Y_test = X[:400], Y[:400], X[400:], Y[400:]


def member():
    return nn.Sequential(nn.Linear(30, 24), nn.Softplus(), nn.Linear(24, 24), nn.Softplus(), nn.Linear(24, 1))


nets = [member() for _ in range(MEMBERS)]
params, buffers = stack_module_state(nets)
skeleton = member().to("meta")


def forward_one(p, b, x):
    return functional_call(skeleton, (p, b), (x,)).squeeze(-1)


def loss_one(p, b, x, y):
    return nn.functional.binary_cross_entropy_with_logits(forward_one(p, b, x), y)


optimizer = torch.optim.Adamax(params.values(), lr=0.02)
bootstrap = torch.randint(0, 400, (MEMBERS, 400))

for epoch in range(10):
    order = torch.randperm(400)
    for start in range(0, 400, 50):
        rows = bootstrap[:, order[start:start + 50]]
        losses = vmap(loss_one)(params, buffers, X_train[rows], Y_train[rows])
        loss = losses.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        print("epoch", epoch, [round(v, 3) for v in losses.tolist()])

with torch.no_grad():
    votes = vmap(forward_one, in_dims=(0, 0, None))(params, buffers, X_test).sigmoid().mean(0)
print("score", ((votes > 0.5) == Y_test.bool()).float().mean().item())
