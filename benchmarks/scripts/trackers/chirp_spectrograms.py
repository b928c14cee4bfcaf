# %% Sounds: which kind of chirp is it?
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
KINDS = ("rising", "falling", "steady", "vibrato", "pulsed", "double")
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)


def sound(kind, samples=1600, rate=8000):
    t = np.arange(samples) / rate
    f = rng.uniform(700, 2200)
    sweep = rng.uniform(3000, 6000)
    shape = {
        "rising": f + sweep * t,
        "falling": f + sweep * (t[-1] - t),
        "steady": f + 0 * t,
        "vibrato": f + 250 * np.sin(2 * np.pi * 14 * t),
        "pulsed": f + 0 * t,
        "double": f + 0 * t,
    }[kind]
    phase = 2 * np.pi * np.cumsum(shape) / rate
    wave = np.sin(phase + rng.uniform(0, 6))
    if kind == "pulsed":
        wave *= np.sin(2 * np.pi * 18 * t + rng.uniform(0, 6)) > 0
    if kind == "double":
        wave += np.sin(1.5 * phase)
    return rng.uniform(0.3, 1.0) * wave + 0.5 * rng.normal(size=samples)


def dataset(n):
    labels = np.sort(rng.integers(len(KINDS), size=n))
    waves = torch.tensor(np.stack([sound(KINDS[k]) for k in labels]), dtype=torch.float32)
    spectrum = torch.stft(waves, 128, 64, window=torch.hann_window(128), return_complex=True).abs()
    return 20 * torch.log10(spectrum + 1e-3).unsqueeze(1), torch.from_numpy(labels)


# %% data, in decibels
train_db, train_labels = dataset(1000)
test_db, test_labels = dataset(300)
MEAN, STD = train_db.mean(), train_db.std()


def transform(db):
    return (db - MEAN) / STD


def mask_band(x):
    """A random band of frequencies is silenced, as in SpecAugment."""
    start = int(torch.randint(0, x.shape[2] - 6, ()))
    x = x.clone()
    x[:, :, start:start + 6] = 0.0
    return x


train_loader = DataLoader(TensorDataset(transform(train_db), train_labels), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(transform(test_db), test_labels), batch_size=100)


# %% model
class SoundNet(nn.Module):
    def __init__(self, classes=len(KINDS)):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2, padding=2), nn.BatchNorm2d(12), nn.ReLU(),
            nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        )
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(32 * 9 * 4, classes)

    def forward(self, x):
        x = self.features(x).flatten(1)
        return self.classifier(self.dropout(x))


model = SoundNet()
loss_fn = nn.CrossEntropyLoss()
EPOCHS = 6
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=EPOCHS // 2, gamma=0.1)


def validate():
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in test_loader:
            right += (model(x).argmax(dim=1) == y).sum().item()
            total += len(y)
    return right / total


# %% training
for epoch in range(EPOCHS):
    model.train()
    running = 0.0
    for x, y in train_loader:
        prediction = model(mask_band(x))
        loss = loss_fn(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item()
    scheduler.step()
    print(f"{epoch + 1:2d} {running / len(train_loader):.4f} {validate():.4f}")

print("score", validate())
