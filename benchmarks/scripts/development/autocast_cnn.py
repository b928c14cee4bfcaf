import sys
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_stripes(n):
    """16x16 images of stripes at one of six angles, with noise."""
    labels = torch.randint(0, 6, (n,))
    angle = labels * torch.pi / 6
    yy, xx = torch.meshgrid(torch.arange(16.), torch.arange(16.), indexing="ij")
    phase = torch.rand(n) * 6.28
    wave = torch.sin(1.2 * (xx * angle.cos()[:, None, None] + yy * angle.sin()[:, None, None]) + phase[:, None, None])
    return (wave + 0.9 * torch.randn(n, 16, 16)).unsqueeze(1), labels


train_x, train_y = make_stripes(1200)
val_x, val_y = make_stripes(500)


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.fc = nn.Linear(32 * 16, 6)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.fc(torch.flatten(x, 1))


net = ConvNet().to(device)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)
EPOCHS, BATCH = 10, 60

for epoch in range(EPOCHS):
    shuffled = torch.randperm(len(train_x))
    total = 0.0
    for i in range(0, len(train_x), BATCH):
        pick = shuffled[i:i + BATCH]
        xb, yb = train_x[pick].to(device), train_y[pick].to(device)
        optimizer.zero_grad()
        with torch.autocast(device_type=device.type, dtype=torch.bfloat16):
            logits = net(xb)
            loss = F.cross_entropy(logits, yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(pick)
    scheduler.step()
    print("epoch %d: %.4f (lr %g)" % (epoch, total / len(train_x), scheduler.get_last_lr()[0]))

with torch.no_grad(), torch.autocast(device_type=device.type, dtype=torch.bfloat16):
    acc = (net(val_x.to(device)).argmax(1).cpu() == val_y).float().mean()
print(f"score {acc.item():.4f}")
