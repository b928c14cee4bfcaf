"""A small vision transformer on digits: patches of 2x2, class token, cosine with warm-up."""
import sys

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset


class PatchEmbedding(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv2d(1, dim, kernel_size=2, stride=2)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.randn(1, 17, dim) * 0.2)

    def forward(self, img):
        tokens = self.proj(img).flatten(2).transpose(1, 2)
        cls = self.cls.expand(len(img), -1, -1)
        return torch.cat([cls, tokens], 1) + self.pos


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(dim)
        self.ff = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * dim, dim))

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.ff(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, dim=32, depth=2, heads=4):
        super().__init__()
        self.patches = PatchEmbedding(dim)
        self.blocks = nn.Sequential(*[EncoderBlock(dim, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, img):
        x = self.blocks(self.patches(img))
        return self.head(self.norm(x)[:, 0])


class Experiment:
    epochs = 9
    warmup_epochs = 1

    def __init__(self, seed):
        torch.manual_seed(seed)
        pixels, self.labels = (torch.tensor(a) for a in load_digits(return_X_y=True))
        self.images = (pixels.float() / 16).reshape(-1, 1, 8, 8)
        self.images = (self.images - self.images.mean()) / self.images.std()
        self.model = ViT()

    def loaders(self):
        cut = 1440
        train = TensorDataset(self.images[:cut], self.labels[:cut])
        test = TensorDataset(self.images[cut:], self.labels[cut:])
        return DataLoader(train, 48, shuffle=True), DataLoader(test, 128)

    def run(self):
        train, test = self.loaders()
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=4e-3, weight_decay=0.05)
        n = len(train)
        schedule = SequentialLR(
            optimizer,
            [LinearLR(optimizer, 0.1, total_iters=self.warmup_epochs * n),
             CosineAnnealingLR(optimizer, (self.epochs - self.warmup_epochs) * n)],
            milestones=[self.warmup_epochs * n],
        )
        criterion = nn.CrossEntropyLoss()
        for epoch in range(self.epochs):
            self.model.train()
            for img, lab in train:
                optimizer.zero_grad()
                loss = criterion(self.model(img), lab)
                loss.backward()
                optimizer.step()
                schedule.step()
            print(f"{epoch=} loss={loss.item():.4f} lr={schedule.get_last_lr()[0]:.2e}")
        return self.evaluate(test)

    def evaluate(self, loader):
        self.model.eval()
        hits = 0
        with torch.inference_mode():
            for img, lab in loader:
                hits += (self.model(img).argmax(1) == lab).sum().item()
        return hits / len(loader.dataset)


if __name__ == "__main__":
    print("score", Experiment(int(sys.argv[1]) if len(sys.argv) > 1 else 0).run())
