"""Pretrain on digits 0 to 5, then fit a new head for 6 to 9 on few samples."""
import copy
import sys

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
data, target = (torch.tensor(a) for a in load_digits(return_X_y=True))
data = ((data.float() - 4.88) / 6.02).view(-1, 1, 8, 8)
old, new = target < 6, target >= 6
source = TensorDataset(data[old], target[old])
few_x, few_y = data[new][:160], target[new][:160] - 6
test_x, test_y = data[new][160:], target[new][160:] - 6


def make_backbone():
    return nn.Sequential(
        nn.Conv2d(1, 12, 3), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Conv2d(12, 24, 3), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 16, 48), nn.ReLU(),
    )


def train_model(model, dataset, optimizer, num_epochs):
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(dataset, batch_size=32, shuffle=True)
    for epoch in range(num_epochs):
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
    print("done, loss", loss.item())
    return model


backbone = make_backbone()
pretrained = nn.Sequential(backbone, nn.Linear(48, 6))
pretrained.train()
train_model(pretrained, source, torch.optim.Adam(pretrained.parameters(), lr=1e-3), 3)
weights = copy.deepcopy(backbone.state_dict())

body = make_backbone()
body.load_state_dict(weights)
for p in body.parameters():
    p.requires_grad = False
model_ft = nn.Sequential(body, nn.Linear(48, 4))
body.eval()
optimizer_ft = torch.optim.SGD(model_ft[1].parameters(), lr=0.05, momentum=0.9)
train_model(model_ft, TensorDataset(few_x, few_y), optimizer_ft, 20)

model_ft.eval()
with torch.no_grad():
    acc = (model_ft(test_x).argmax(1) == test_y).float().mean().item()
print("score", acc)
