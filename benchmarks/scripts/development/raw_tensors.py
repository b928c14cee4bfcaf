# two-layer network from tensors only, no torch.nn modules, no torch.optim
import sys
import torch

gen = torch.Generator().manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

# three interleaved spirals
def spirals(n_per, noise=0.06):
    xs, ys = [], []
    for c in range(3):
        r = torch.linspace(0.05, 1, n_per)
        a = torch.linspace(c * 2.1, c * 2.1 + 3.5, n_per) + torch.randn(n_per, generator=gen) * noise * 2
        xs.append(torch.stack([r * a.sin(), r * a.cos()], 1))
        ys.append(torch.full((n_per,), c))
    return torch.cat(xs), torch.cat(ys)

X, Y = spirals(200)
Xv, Yv = spirals(100)

H = 64
W1 = (torch.randn(2, H, generator=gen) * 1.0).requires_grad_()
b1 = torch.zeros(H, requires_grad=True)
W2 = (torch.randn(H, H, generator=gen) * H ** -0.5 * 1.4).requires_grad_()
b2 = torch.zeros(H, requires_grad=True)
W3 = (torch.randn(H, 3, generator=gen) * H ** -0.5).requires_grad_()
b3 = torch.zeros(3, requires_grad=True)
params = [W1, b1, W2, b2, W3, b3]

def net(x):
    h = torch.relu(x @ W1 + b1)
    h = torch.relu(h @ W2 + b2)
    return h @ W3 + b3

lr = 0.15
for step in range(1200):
    pick = torch.randint(0, len(X), (100,), generator=gen)
    logp = torch.log_softmax(net(X[pick]), 1)
    loss = -logp[torch.arange(len(pick)), Y[pick]].mean()
    loss.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
            p.grad = None
    if step % 200 == 0:
        print(step, loss.item())

with torch.no_grad():
    print("score", (net(Xv).argmax(1) == Yv).float().mean().item())
