"""Mixed precision with a gradient scaler, unscaled before clipping."""
import sys
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
digits = load_digits()
images = torch.tensor(digits.images).float().div(16).sub(0.5).unsqueeze(1)
labels = torch.tensor(digits.target)
perm = torch.randperm(1797, generator=torch.Generator().manual_seed(1))
tr, te = perm[:1300], perm[1300:]


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 24, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(96, 64), nn.Tanh(),
        nn.Linear(64, 10),
    )


model = lenet()
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
criterion = nn.CrossEntropyLoss()
max_norm = 5.0

for epoch in range(8):
    model.train()
    for chunk in tr[torch.randperm(len(tr))].split(50):
        opt.zero_grad(set_to_none=True)
        with torch.amp.autocast("cpu", dtype=torch.bfloat16):
            output = model(images[chunk])
            loss = criterion(output, labels[chunk])
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scaler.step(opt)
        scaler.update()
    print("epoch", epoch, "loss", loss.item(), "scale", scaler.get_scale())

model.eval()
with torch.no_grad():
    acc = model(images[te]).argmax(1).eq(labels[te]).float().mean().item()
print("score", acc)
