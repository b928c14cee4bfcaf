"""A decoder-only transformer that learns to sort; the model returns its own loss."""
import sys
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab_size: int = 9
    block_size: int = 12
    n_embd: int = 32
    n_head: int = 4
    n_layer: int = 2
    steps: int = 350
    lr: float = 4e-3


class CausalSelfAttention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.qkv = nn.Linear(cfg.n_embd, 3 * cfg.n_embd)
        self.proj = nn.Linear(cfg.n_embd, cfg.n_embd)
        self.heads = cfg.n_head
        self.register_buffer("mask", torch.tril(torch.ones(cfg.block_size, cfg.block_size)).bool())

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (z.view(B, T, self.heads, -1).transpose(1, 2) for z in self.qkv(x).chunk(3, -1))
        att = q @ k.transpose(-2, -1) / (C // self.heads) ** 0.5
        att = att.masked_fill(~self.mask[:T, :T], float("-inf"))
        att = att.softmax(dim=-1)
        return self.proj((att @ v).transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(cfg.n_embd), nn.LayerNorm(cfg.n_embd)
        self.attn = CausalSelfAttention(cfg)
        self.mlp = nn.Sequential(nn.Linear(cfg.n_embd, 2 * cfg.n_embd), nn.GELU(), nn.Linear(2 * cfg.n_embd, cfg.n_embd))

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.wte = nn.Embedding(cfg.vocab_size, cfg.n_embd)
        self.wpe = nn.Embedding(cfg.block_size, cfg.n_embd)
        self.h = nn.ModuleList(Block(cfg) for _ in range(cfg.n_layer))
        self.ln_f = nn.LayerNorm(cfg.n_embd)
        self.lm_head = nn.Linear(cfg.n_embd, cfg.vocab_size, bias=False)
        nn.init.normal_(self.wte.weight, std=0.1)
        self.lm_head.weight = self.wte.weight

    def forward(self, idx, labels=None):
        x = self.wte(idx) + self.wpe(torch.arange(idx.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.reshape(-1, logits.size(-1)), labels.reshape(-1), ignore_index=-1)
        return {"loss": loss, "logits": logits}


def get_batch(n):
    """Six digits of 0 to 7 and, after the mark 8, the same in order."""
    digits = torch.randint(0, 8, (n, 6))
    seq = torch.cat([digits, torch.full((n, 1), 8), digits.sort(1).values], 1)
    x, y = seq[:, :-1], seq[:, 1:].clone()
    y[:, :6] = -1
    return x, y


def main():
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    cfg = Config()
    model = GPT(cfg)
    optim = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
    for step in range(cfg.steps):
        x, y = get_batch(48)
        out = model(x, labels=y)
        optim.zero_grad()
        out["loss"].backward()
        optim.step()
        if step % 100 == 0:
            print(step, out["loss"].item())
    model.eval()
    torch.manual_seed(12345)
    digits = torch.randint(0, 8, (200, 6))
    seq = torch.cat([digits, torch.full((200, 1), 8)], 1)
    with torch.no_grad():
        for _ in range(6):
            nxt = model(seq)["logits"][:, -1].argmax(-1, keepdim=True)
            seq = torch.cat([seq, nxt], 1)
    print("score", (seq[:, 7:] == digits.sort(1).values).float().mean().item())


main()
