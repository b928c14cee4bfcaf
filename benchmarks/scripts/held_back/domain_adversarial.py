"""Gradient reversal: features that tell the class but not the domain they come from."""
import sys
import torch
from torch import nn
from torch.autograd import Function

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)


class GradReverse(Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.lam * g, None


def domain(n, shift):
    y = torch.randint(0, 3, (n,))
    core = torch.nn.functional.one_hot(y, 3).float() * 2 + torch.randn(n, 3)
    rest = torch.randn(n, 5) + shift
    return torch.cat([core, rest], 1), y


xs, ys = domain(1000, 0.0)
xt, yt = domain(1000, torch.tensor([1.0, -1.0, 1.0, 0.0, 0.5]))

feature = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
class_head = nn.Linear(24, 3)
domain_head = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))
nets = nn.ModuleDict({"feature": feature, "class": class_head, "domain": domain_head})
opt = torch.optim.SGD(nets.parameters(), lr=0.05, momentum=0.9)
ce, bce = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()

for epoch in range(12):
    pairs = zip(torch.randperm(1000).split(50), torch.randperm(1000).split(50))
    for i, j in pairs:
        fs, ft = feature(xs[i]), feature(xt[j])
        class_loss = ce(class_head(fs), ys[i])
        both = torch.cat([fs, ft])
        origin = torch.cat([torch.zeros(len(i), 1), torch.ones(len(j), 1)])
        dom_loss = bce(domain_head(GradReverse.apply(both, 0.2)), origin)
        loss = class_loss + dom_loss
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, class_loss.item(), dom_loss.item())

with torch.no_grad():
    print("score", (class_head(feature(xt)).argmax(1) == yt).float().mean().item())
