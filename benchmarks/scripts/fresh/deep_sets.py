"""How spread are the numbers of a bag? Deep sets on padded bags, in the manner of a Lightning module."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Bags(Dataset):
    def __init__(self, count, generator):
        self.bags, self.targets = [], []
        for _ in range(count):
            size = int(torch.randint(4, 13, (), generator=generator))
            spread = torch.rand((), generator=generator) * 1.5 + 0.1
            shift = torch.randn((), generator=generator)
            bag = torch.randn(size, generator=generator) * spread + shift
            self.bags.append(bag)
            self.targets.append(bag.std())

    def __len__(self):
        return len(self.bags)

    def __getitem__(self, index):
        return self.bags[index], self.targets[index]


def pad(batch):
    longest = max(len(bag) for bag, _ in batch)
    values = torch.zeros(len(batch), longest, 1)
    mask = torch.zeros(len(batch), longest, 1)
    for i, (bag, _) in enumerate(batch):
        values[i, :len(bag), 0] = bag
        mask[i, :len(bag)] = 1
    return values, mask, torch.stack([target for _, target in batch])


class SpreadModule(nn.Module):
    def __init__(self, width=64, lr=3e-3):
        super().__init__()
        self.lr = lr
        self.phi = nn.Sequential(nn.Linear(1, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.rho = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, values, mask):
        h = self.phi(values)
        mean = (h * mask).sum(1) / mask.sum(1)
        top = h.masked_fill(mask == 0, float("-inf")).amax(1)
        return self.rho(torch.cat([mean, top], dim=-1)).squeeze(-1)

    def training_step(self, batch):
        values, mask, target = batch
        return nn.functional.mse_loss(self(values, mask), target)

    def validation_step(self, batch):
        values, mask, target = batch
        return (self(values, mask) - target).pow(2).sum().item()

    def configure_optimizers(self):
        optimizer = torch.optim.RAdam(self.parameters(), lr=self.lr)
        return optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.85)


class Fit:
    def __init__(self, max_epochs, gradient_clip_val=None):
        self.max_epochs = max_epochs
        self.clip = gradient_clip_val

    def fit(self, module, loader):
        optimizer, scheduler = module.configure_optimizers()
        for epoch in range(self.max_epochs):
            module.train()
            for batch in loader:
                loss = module.training_step(batch)
                optimizer.zero_grad()
                loss.backward()
                if self.clip is not None:
                    nn.utils.clip_grad_value_(module.parameters(), self.clip)
                optimizer.step()
            scheduler.step()
            print(f"epoch={epoch} train_loss={loss:.4f}")

    @torch.no_grad()
    def validate(self, module, loader):
        module.eval()
        return sum(module.validation_step(batch) for batch in loader) / len(loader.dataset)


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    train_set, valid_set = Bags(1200, generator), Bags(400, generator)
    module = SpreadModule()
    trainer = Fit(max_epochs=9, gradient_clip_val=1.0)
    trainer.fit(module, DataLoader(train_set, batch_size=32, shuffle=True, collate_fn=pad))
    error = trainer.validate(module, DataLoader(valid_set, batch_size=100, collate_fn=pad))
    print("score", 1 - error / torch.stack(valid_set.targets).var().item())
