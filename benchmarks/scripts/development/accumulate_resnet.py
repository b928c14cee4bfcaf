#!/usr/bin/env python
# small residual network, large batch by accumulation
import sys
from sklearn import datasets
import torch, torch.nn as nn

if len(sys.argv) > 1:
    torch.manual_seed(int(sys.argv[1]))
else:
    torch.manual_seed(0)

ACCUM = 4
MICRO = 16


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.c1 = nn.Conv2d(cin, cout, 3, stride, 1)
        self.n1 = nn.GroupNorm(4, cout)
        self.c2 = nn.Conv2d(cout, cout, 3, 1, 1)
        self.n2 = nn.GroupNorm(4, cout)
        self.skip = nn.Conv2d(cin, cout, 1, stride) if cin != cout else nn.Identity()

    def forward(self, x):
        out = self.n1(self.c1(x)).relu()
        out = self.n2(self.c2(out))
        return (out + self.skip(x)).relu()


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList([Block(8, 16), Block(16, 16)])
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean((2, 3)))


bunch = datasets.load_digits()
pixels = torch.as_tensor(bunch.images).float().unsqueeze(1)
pixels = (pixels - pixels.mean()) / pixels.std()
target = torch.as_tensor(bunch.target)
shuffle = torch.randperm(len(pixels))
pixels, target = pixels[shuffle], target[shuffle]
train_set = torch.utils.data.TensorDataset(pixels[:1280], target[:1280])
loader = torch.utils.data.DataLoader(train_set, batch_size=MICRO, shuffle=True)

model = ResNet()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
model.train()
for epoch in range(6):
    opt.zero_grad()
    for step, (xb, yb) in enumerate(loader):
        loss = loss_fn(model(xb), yb) / ACCUM
        loss.backward()
        if (step + 1) % ACCUM == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            opt.zero_grad()
    print("epoch", epoch, "last loss", loss.item() * ACCUM)

model.eval()
with torch.no_grad():
    guess = torch.cat([model(p).argmax(1) for p in pixels[1280:].split(100)])
print("score", (guess == target[1280:]).double().mean().item())
