"""Cox regression with a network: the partial likelihood over risk sets. Score: 2 * concordance - 1,
relative to that of the true risk."""
import sys

import numpy as np
import torch
import torch.nn as nn


def simulate(rng, n):
    x = rng.uniform(-1.5, 1.5, (n, 5))
    risk = 1.5 * np.sin(2 * x[:, 0]) + x[:, 1] ** 2 - x[:, 2]
    death = rng.exponential(np.exp(-risk))
    censoring = rng.exponential(2.0, n)
    time = np.minimum(death, censoring)
    event = (death <= censoring).astype("float32")
    scaled = (x / 0.87).astype("float32")
    return torch.from_numpy(scaled), torch.from_numpy(time).float(), torch.from_numpy(event), risk


def cox_loss(risk, time, event):
    # samples in falling order of time: the risk set of each is what comes before it
    order = torch.argsort(time, descending=True)
    risk, event = risk[order], event[order]
    log_set = torch.logcumsumexp(risk, dim=0)
    return -((risk - log_set) * event).sum() / event.sum()


def concordance(risk, time, event):
    earlier = (time[:, None] < time[None]) & (event[:, None] > 0)
    higher = np.sign(risk[:, None] - risk[None])
    return float(higher[earlier].mean())


def make_net(n_in, hidden=(48, 24), p=0.1):
    sizes = [n_in, *hidden]
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        linear = nn.Linear(a, b)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU(), nn.Dropout(p)]
    layers.append(nn.Linear(sizes[-1], 1, bias=False))
    return nn.Sequential(*layers)


def fit(net, x, time, event, epochs=20, batch=100):
    optimizer = torch.optim.RMSprop(net.parameters(), lr=2e-3)
    decay = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.5)
    for epoch in range(epochs):
        net.train()
        losses = []
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            risk = net(x[rows]).squeeze(1)
            loss = cox_loss(risk, time[rows], event[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        decay.step()
        if epoch % 10 == 0:
            print("epoch", epoch, "partial likelihood", -np.mean(losses))
    return net.eval()


def main(seed):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    x, time, event, _ = simulate(rng, 1500)
    x_test, time_test, event_test, true_risk = simulate(rng, 600)
    net = fit(make_net(x.shape[1]), x, time, event)
    with torch.no_grad():
        risk = net(x_test).squeeze(1).numpy()
    t, e = time_test.numpy(), event_test.numpy()
    print("score", concordance(risk, t, e) / concordance(true_risk, t, e))


main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
