'''Predicts the digit and whether it is drawn thick, with a shared trunk and two heads.'''
import os, sys
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset, random_split

seed = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get('SEED', 0))
torch.manual_seed(seed)
raw, digit = load_digits(return_X_y=True)
thick = (raw.sum(1) > 313).astype('int64')
x = StandardScaler().fit_transform(raw)
ds = TensorDataset(torch.FloatTensor(x), torch.LongTensor(digit), torch.LongTensor(thick))
train_ds, val_ds = random_split(ds, [1400, 397], generator=torch.Generator().manual_seed(seed))
dl = DataLoader(train_ds, 40, shuffle=True)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(64, 60), nn.BatchNorm1d(60), nn.ELU(), nn.Dropout(0.3))
        self.digit = nn.Sequential(nn.Linear(60, 10), nn.LogSoftmax(dim=1))
        self.thick = nn.Sequential(nn.Linear(60, 2), nn.LogSoftmax(dim=1))

    def forward(self, x):
        h = self.trunk(x)
        return self.digit(h), self.thick(h)


model = TwoHeads()
nll = nn.NLLLoss()
optimizer = torch.optim.RMSprop([
    {'params': model.trunk.parameters(), 'lr': 1e-3},
    {'params': list(model.digit.parameters()) + list(model.thick.parameters())},
], lr=3e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

for epoch in range(8):
    model.train()
    for xb, db, tb in dl:
        d, t = model(xb)
        loss = nll(d, db) + 0.5 * nll(t, tb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    sched.step()
    print(epoch, loss.item())

model.eval()
xs, ds_, ts = zip(*[val_ds[k] for k in range(len(val_ds))])
with torch.no_grad():
    d, t = model(torch.stack(xs))
both = (d.argmax(1) == torch.stack(ds_)).float().mean() + (t.argmax(1) == torch.stack(ts)).float().mean()
print('score', both.item() / 2)
