"""Forecasts the next value of a series from a window with an LSTM."""
import sys
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(SEED)
torch.manual_seed(SEED)

t = np.arange(1600)
series = 300 + 60 * np.sin(t / 9) + 40 * np.sin(t / 23 + 1) * np.cos(t / 31) + 8 * np.random.randn(1600)
train_raw, test_raw = series[:1200], series[1200:]
mean, std = train_raw.mean(), train_raw.std()
train_series, test_series = (train_raw - mean) / std, (test_raw - mean) / std
LOOKBACK = 24


class Windows(Dataset):
    def __init__(self, values):
        self.values = torch.tensor(values, dtype=torch.float32)

    def __len__(self):
        return len(self.values) - LOOKBACK

    def __getitem__(self, i):
        return self.values[i:i + LOOKBACK].unsqueeze(-1), self.values[i + LOOKBACK].unsqueeze(-1)


class LSTMForecaster(nn.Module):
    def __init__(self, hidden_size=32, num_layers=1):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.lstm = nn.LSTM(1, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        h0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size)
        c0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size)
        out, _ = self.lstm(x, (h0, c0))
        return self.fc(out[:, -1, :])


train_loader = DataLoader(Windows(train_series), batch_size=32, shuffle=True)
test_loader = DataLoader(Windows(test_series), batch_size=128, shuffle=False)
model = LSTMForecaster()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
num_epochs = 8
for epoch in range(num_epochs):
    model.train()
    for x_batch, y_batch in train_loader:
        y_pred = model(x_batch)
        loss = criterion(y_pred, y_batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"Epoch {epoch + 1}/{num_epochs}, loss {loss.item():.4f}")

model.eval()
preds, trues = [], []
with torch.no_grad():
    for x_batch, y_batch in test_loader:
        preds.append(model(x_batch))
        trues.append(y_batch)
preds, trues = torch.cat(preds), torch.cat(trues)
print("score", (1 - ((preds - trues) ** 2).sum() / ((trues - trues.mean()) ** 2).sum()).item())
