# skip-gram with negative sampling on an artificial corpus of five topics
import sys
import torch
from torch import nn
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
TOPICS, PER, DIM, NEG = 5, 12, 16, 4
V = TOPICS * PER

# sentences of six words; words of a topic live together, a fifth of the words is from anywhere
shuffle = torch.randperm(V)
topic = torch.randint(0, TOPICS, (1500, 1))
sent = topic * PER + torch.randint(0, PER, (1500, 6))
anywhere = torch.randint(0, V, sent.shape)
sent = torch.where(torch.rand(sent.shape) < 0.2, anywhere, sent)
sent = shuffle[sent]
centre = torch.cat([sent[:, :-1].reshape(-1), sent[:, 1:].reshape(-1)])
context = torch.cat([sent[:, 1:].reshape(-1), sent[:, :-1].reshape(-1)])


class SkipGram(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_embed = nn.Embedding(V, DIM)
        self.out_embed = nn.Embedding(V, DIM)
        nn.init.uniform_(self.in_embed.weight, -0.5 / DIM, 0.5 / DIM)
        nn.init.uniform_(self.out_embed.weight, -0.5, 0.5)

    def forward(self, c, pos, neg):
        h = self.in_embed(c)
        good = (h * self.out_embed(pos)).sum(-1)
        bad = (self.out_embed(neg) @ h.unsqueeze(-1)).squeeze(-1)
        return -(F.logsigmoid(good) + F.logsigmoid(-bad).sum(-1)).mean()


model = SkipGram()
opt = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(4):
    for rows in torch.randperm(len(centre)).split(100):
        neg = torch.randint(0, V, (len(rows), NEG))
        loss = model(centre[rows], context[rows], neg)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())

label = torch.empty(V, dtype=torch.long)
label[shuffle] = torch.arange(V) // PER
z = F.normalize(model.in_embed.weight.detach(), dim=1)
sim = z @ z.T - 2 * torch.eye(V)
print("score", (label[sim.topk(5).indices] == label[:, None]).float().mean().item())
