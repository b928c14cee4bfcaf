"""Two spirals with tensors only: no module, no optimizer, gradient descent with momentum by hand."""
import sys

import numpy as np
import torch

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)


def spirals(n):
    label = rng.integers(0, 2, n)
    r = np.sqrt(rng.uniform(0.05, 1, n))
    angle = 5 * r + np.pi * label
    xy = np.stack([r * np.cos(angle), r * np.sin(angle)], 1) * 2 + rng.normal(0, 0.08, (n, 2))
    return torch.tensor(xy, dtype=torch.float32), torch.tensor(label)


def weight(n_in, n_out):
    w = torch.randn(n_in, n_out) * (1.5 / n_in**0.5)
    return w.requires_grad_()


def bias(n):
    return torch.zeros(n, requires_grad=True)


x_train, y_train = spirals(800)
x_test, y_test = spirals(400)

w1, b1 = weight(2, 40), bias(40)
w2, b2 = weight(40, 40), bias(40)
w3, b3 = weight(40, 2), bias(2)
params = [w1, b1, w2, b2, w3, b3]
speed = [torch.zeros_like(p) for p in params]
lr, momentum = 0.05, 0.9


def predict(x):
    h1 = torch.tanh(x @ w1 + b1)
    h2 = torch.tanh(h1 @ w2 + b2)
    return h2 @ w3 + b3


for step in range(1500):
    rows = torch.randint(0, 800, (64,))
    logits = predict(x_train[rows])
    log_p = logits - logits.logsumexp(1, keepdim=True)
    loss = -log_p[torch.arange(64), y_train[rows]].mean()
    loss.backward()
    with torch.no_grad():
        for p, v in zip(params, speed):
            v.mul_(momentum).add_(p.grad)
            p -= lr * v
            p.grad.zero_()
    if step % 300 == 0:
        print(step, loss.item())

with torch.no_grad():
    accuracy = (predict(x_test).argmax(1) == y_test).float().mean().item()
print("score", accuracy)
