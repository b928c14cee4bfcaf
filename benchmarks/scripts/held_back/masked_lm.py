"""Masked tokens in sequences with a hidden rule; attention written by hand, output tied to input."""
import sys, math
import torch
import torch.nn as nn
import torch.nn.functional as F

MASK, V, L, D = 0, 13, 10, 48

class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, D)

    def forward(self, h):
        q, k, v = self.query(h), self.key(h), self.value(h)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(D)
        weights = F.softmax(scores, dim=2)
        return torch.bmm(weights, v)

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.att = Attention()
        self.n1, self.n2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.ff1, self.ff2 = nn.Linear(D, 2 * D), nn.Linear(2 * D, D)

    def forward(self, h):
        h = self.n1(h + self.att(h))
        return self.n2(h + self.ff2(F.gelu(self.ff1(h))))

class MaskedLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(V, D)
        self.positions = nn.Embedding(L, D)
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.decoder = nn.Linear(D, V)
        self.decoder.weight = self.tokens.weight
        nn.init.normal_(self.tokens.weight, std=0.15)

    def forward(self, input_ids, labels=None):
        h = self.tokens(input_ids) + self.positions.weight
        for layer in self.layers:
            h = layer(h)
        logits = self.decoder(h)
        if labels is None:
            return logits
        return F.cross_entropy(logits.view(-1, V), labels.view(-1), ignore_index=-100), logits

def sequences(n):
    start, stride = torch.randint(0, 12, (n, 1)), torch.randint(1, 5, (n, 1))
    return (start + stride * torch.arange(L)) % 12 + 1

def mask_tokens(ids, p=0.25):
    chosen = torch.rand(ids.shape) < p
    labels = ids.masked_fill(~chosen, -100)
    return ids.masked_fill(chosen, MASK), labels

if __name__ == "__main__":
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    model = MaskedLM()
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}], lr=2e-3)
    for step in range(600):
        inputs, labels = mask_tokens(sequences(64))
        loss, _ = model(inputs, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}")
    model.eval()
    with torch.no_grad():
        inputs, labels = mask_tokens(sequences(500))
        known = labels != -100
        print("score", (model(inputs).argmax(-1)[known] == labels[known]).float().mean().item())
