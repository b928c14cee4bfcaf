# %% A network for digits that was a Keras model once
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn import datasets
from torch.utils.data import DataLoader, TensorDataset, random_split

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(SEED)

# %% data
raw = datasets.load_digits()
images = torch.tensor(raw.images / 16.0, dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(raw.target)
full = TensorDataset(images, labels)
train_ds, test_ds = random_split(full, [1300, len(full) - 1300])
train_dl = DataLoader(train_ds, batch_size=50, shuffle=True)
test_dl = DataLoader(test_ds, batch_size=7)


# %% model
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(24)
        self.dense = nn.Linear(24 * 2 * 2, 48)
        self.drop = nn.Dropout(0.5)
        self.logits = nn.Linear(48, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = self.drop(F.relu(self.dense(x.flatten(1))))
        x = self.logits(x)
        return x


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.8, nesterov=True)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)

# %% fit
history = {"loss": [], "val_acc": []}
for epoch in range(6):
    model.train()
    losses = []
    for xb, yb in train_dl:
        out = model(xb)
        loss = F.cross_entropy(out, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        acc = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in test_dl) / len(test_ds)
    history["loss"].append(torch.stack(losses).mean().item())
    history["val_acc"].append(acc)
    print(f"Epoch {epoch + 1}/6 - loss: {history['loss'][-1]:.4f} - val_accuracy: {acc:.4f}")

# %% evaluate
print("score", history["val_acc"][-1])
