import sys
import torch
from torch import nn
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, Dataset


class Shapes(Dataset):
    """Noisy 12x12 colour images: a disc, a square, a cross or a ring somewhere."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.y = torch.randint(0, 4, (n,), generator=g)
        c = torch.randint(4, 8, (n, 2), generator=g)
        colour = torch.rand(n, 3, 1, 1, generator=g) + 0.5
        self.noise = 0.4 * torch.randn(n, 3, 12, 12, generator=g)
        yy, xx = torch.meshgrid(torch.arange(12), torch.arange(12), indexing="ij")
        self.x = torch.zeros(n, 3, 12, 12)
        for k in range(n):
            dy, dx = (yy - c[k, 0]).abs(), (xx - c[k, 1]).abs()
            r2 = dy ** 2 + dx ** 2
            mask = [r2 <= 10, (dy <= 3) & (dx <= 3), ((dy <= 1) | (dx <= 1)) & (dy <= 4) & (dx <= 4), (r2 <= 14) & (r2 >= 5)]
            self.x[k] = mask[self.y[k]].float() * colour[k]

    def __len__(self):
        return len(self.y)

    def __getitem__(self, k):
        return self.x[k] + self.noise[k], self.y[k]


def separable(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cin, 3, padding=1, groups=cin, bias=False),
        nn.Conv2d(cin, cout, 1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU6(inplace=True),
    )


def accuracy(model, loader):
    model.eval()
    good = n = 0
    with torch.no_grad():
        for x, y in loader:
            good += int((model(x).argmax(1) == y).sum())
            n += len(y)
    return good / n


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
train_dl = DataLoader(Shapes(1000, 10 + seed), batch_size=40, shuffle=True)
val_dl = DataLoader(Shapes(400, 1000 + seed), batch_size=100)
net = nn.Sequential(
    separable(3, 24), separable(24, 24), nn.MaxPool2d(2), separable(24, 48), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 4)
)
swa_net = AveragedModel(net)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
cosine = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=8)
swa_lr = SWALR(opt, swa_lr=0.03, anneal_epochs=2)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(11):
    net.train()
    for x, y in train_dl:
        opt.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        opt.step()
    if epoch >= 7:
        swa_net.update_parameters(net)
        swa_lr.step()
    else:
        cosine.step()
    print(epoch, loss.item())
update_bn(train_dl, swa_net)
print("score", accuracy(swa_net, val_dl))
