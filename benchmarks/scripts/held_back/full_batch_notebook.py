# %% [markdown]
# Predict a noisy surface with the whole data set in each step.
# %%
import sys
import torch
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
# %%
N = 600
data = torch.rand(N, 2) * 6 - 3
labels = torch.exp(-(data ** 2).sum(1) / 3) * torch.cos(1.5 * data[:, 0]) * 3 + 0.05 * torch.randn(N)
train_in, train_out = data[:450], labels[:450]
val_in, val_out = data[450:], labels[450:]
# %%
class Surface(torch.nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.hidden1 = torch.nn.Linear(n_in, n_hidden)
        self.hidden2 = torch.nn.Linear(n_hidden, n_hidden)
        self.predict = torch.nn.Linear(n_hidden, n_out)
    def forward(self, x):
        x = torch.sigmoid(self.hidden1(x) * 2)
        x = torch.relu(self.hidden2(x))
        return self.predict(x)
net = Surface(2, 50, 1)
print(net)
# %%
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
loss_func = torch.nn.MSELoss()
losses = []
for t in range(600):
    prediction = net(train_in)
    loss = loss_func(prediction, train_out.view(-1, 1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if t % 100 == 0:
        print(t, losses[-1])
# %%
net.eval()
with torch.no_grad():
    p = net(val_in).view(-1)
ss_res = ((p - val_out) ** 2).sum()
ss_tot = ((val_out - val_out.mean()) ** 2).sum()
print("score", (1 - ss_res / ss_tot).item())
