"""Few labels, many images: consistency with an averaged teacher."""
import copy
import itertools
import sys

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16.0 - 0.3, dtype=torch.float), torch.tensor(y)
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]
few_x, few_y, many_x = X[:150], y[:150], X[150:1300]
test_x, test_y = X[1300:], y[1300:]

student = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
teacher = copy.deepcopy(student)
for param in teacher.parameters():
    param.requires_grad_(False)


def forever(*tensors, size):
    while True:
        for idx in torch.randperm(len(tensors[0])).split(size):
            yield [t[idx] for t in tensors]


labelled, unlabelled = forever(few_x, few_y, size=30), forever(many_x, size=90)
opt = torch.optim.AdamW(student.parameters(), lr=2e-3)
for step in range(400):
    (xb, yb), (ub,) = next(labelled), next(unlabelled)
    student.train(); teacher.train()
    sup = F.cross_entropy(student(xb + 0.1 * torch.randn_like(xb)), yb)
    with torch.no_grad():
        goal = teacher(ub + 0.1 * torch.randn_like(ub)).softmax(1)
    cons = F.mse_loss(student(ub + 0.1 * torch.randn_like(ub)).softmax(1), goal)
    weight = 5.0 * min(1.0, step / 100)
    loss = sup + weight * cons
    opt.zero_grad(); loss.backward(); opt.step()
    decay = min(0.98, 1 - 1 / (step + 1))
    with torch.no_grad():
        for t, s in itertools.zip_longest(teacher.parameters(), student.parameters()):
            t.mul_(decay).add_(s, alpha=1 - decay)
    if step % 100 == 0:
        print(step, sup.item(), cons.item())

teacher.eval()
with torch.no_grad():
    print("score", (teacher(test_x).argmax(1) == test_y).float().mean().item())
