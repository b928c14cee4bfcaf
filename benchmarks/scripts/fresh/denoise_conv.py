import sys

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, random_split

# Clean digits from noisy ones. Score: 1 - error / error of the noisy image itself.

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
NOISE = 0.35


class DoubleConv(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, padding=1), nn.GroupNorm(4, c_out), nn.PReLU(),
            nn.Conv2d(c_out, c_out, 3, padding=1), nn.PReLU(),
        )

    def forward(self, x):
        return self.net(x)


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = DoubleConv(1, 8)
        self.down = nn.AvgPool2d(2)
        self.middle = DoubleConv(8, 16)
        self.up = nn.Upsample(scale_factor=2)
        self.decoder = nn.Conv2d(24, 1, 3, padding=1)

    def forward(self, noisy):
        a = self.encoder(noisy)
        b = self.up(self.middle(self.down(a)))
        return noisy - self.decoder(torch.cat([a, b], dim=1))


def evaluate(model, loader):
    model.eval()
    generator = torch.Generator().manual_seed(99)
    own, noisy_error, batches = 0.0, 0.0, 0
    with torch.no_grad():
        for (clean,) in loader:
            noisy = clean + NOISE * torch.randn(clean.shape, generator=generator)
            own += nn.functional.mse_loss(model(noisy), clean).item()
            noisy_error += nn.functional.mse_loss(noisy, clean).item()
            batches += 1
    return own / batches, noisy_error / batches


images = torch.from_numpy(load_digits().images).float()[:1200, None] / 16.0
dataset = torch.utils.data.TensorDataset(images)
train_set, valid_set = random_split(dataset, [900, 300])
train_loader = DataLoader(train_set, batch_size=30, shuffle=True, drop_last=True)
valid_loader = DataLoader(valid_set, batch_size=150)

model = Denoiser()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.3, patience=1)

for epoch in range(4):
    model.train()
    for (clean,) in train_loader:
        noisy = clean + NOISE * torch.randn_like(clean)
        optimizer.zero_grad()
        restored = model(noisy)
        loss = criterion(restored, clean)
        loss.backward()
        optimizer.step()
    val_loss, noisy_loss = evaluate(model, valid_loader)
    scheduler.step(val_loss)
    print(f"{epoch}: val {val_loss:.5f} (noisy {noisy_loss:.5f}) lr {optimizer.param_groups[0]['lr']:.1e}")

print("score", 1 - val_loss / noisy_loss)
