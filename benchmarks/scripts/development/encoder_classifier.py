import sys, math
import torch
import torch.nn as nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

# Is the token 1 before the token 2? (token 0 pads)
def sample(n, longest=14):
    ids = torch.randint(3, 20, (n, longest))
    y = torch.randint(0, 2, (n,))
    lengths = torch.randint(6, longest + 1, (n,))
    for r in range(n):
        p = torch.randperm(int(lengths[r]))[:2].sort().values
        ids[r, p[0]], ids[r, p[1]] = (1, 2) if y[r] else (2, 1)
        ids[r, lengths[r]:] = 0
    return ids, y


class Classifier(nn.Module):
    def __init__(self, d_model=32):
        super().__init__()
        self.tok = nn.Embedding(20, d_model)
        self.pos = nn.Parameter(torch.randn(14, d_model) * 0.5)
        layer = nn.TransformerEncoderLayer(d_model, 4, 64, dropout=0.1, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(d_model, 2)

    def forward(self, ids):
        pad = ids == 0
        h = self.tok(ids) + self.pos
        h = self.enc(h, src_key_padding_mask=pad)
        h = h.masked_fill(pad.unsqueeze(-1), 0.0)
        pooled = h.sum(1) / (~pad).sum(1, keepdim=True)
        return self.head(pooled)


train_ids, train_y = sample(1500)
test_ids, test_y = sample(400)
model = Classifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
EPOCHS, BS = 8, 64
total = EPOCHS * math.ceil(len(train_ids) / BS)
warmup = total // 10
sched = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / warmup, max(0.0, (total - s) / (total - warmup)))
)
loss_fct = nn.CrossEntropyLoss()
for epoch in range(EPOCHS):
    model.train()
    perm = torch.randperm(len(train_ids))
    for idx in perm.split(BS):
        logits = model(train_ids[idx])
        loss = loss_fct(logits, train_y[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        sched.step()
        optimizer.zero_grad()
    print(epoch, round(loss.item(), 4))

model.eval()
with torch.no_grad():
    right = (model(test_ids).argmax(-1) == test_y).float().mean()
print("score", right.item())
