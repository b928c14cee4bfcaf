# Adding problem: sum of the two marked numbers of a sequence; recurrent cell unrolled by hand
import sys, torch
from torch import nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
T, B = 14, 50

def adding(n):
    values = torch.rand(T, n)
    marks = torch.zeros(T, n)
    for k in range(n):
        i, j = torch.randperm(T)[:2].tolist()
        marks[i, k] = marks[j, k] = 1
    return torch.stack([values, marks], -1), (values * marks).sum(0)

class Adder(nn.Module):
    def __init__(self, size=40):
        super().__init__()
        self.cell = nn.GRUCell(2, size)
        self.read = nn.Linear(size, 1)
        self.size = size
    def forward(self, seq):
        h = seq.new_zeros(seq.shape[1], self.size)
        for step in seq:
            h = self.cell(step, h)
        return self.read(h)[:, 0]

train_seq, train_sum = adding(1500)
test_seq, test_sum = adding(400)
adder = Adder()
optimizer = torch.optim.Adam(adder.parameters(), lr=0.01)
sched = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[6, 9], gamma=0.3)
for epoch in range(11):
    cols = torch.randperm(1500)
    for k in range(0, 1500, B):
        c = cols[k:k + B]
        guess = adder(train_seq[:, c])
        loss = nn.functional.smooth_l1_loss(guess, train_sum[c], beta=0.2)
        optimizer.zero_grad(); loss.backward()
        norm = nn.utils.clip_grad_norm_(adder.parameters(), 1.0)
        optimizer.step()
    sched.step()
    print(epoch, loss.item(), float(norm))
with torch.no_grad():
    guess = adder(test_seq)
print("score", 1 - float((guess - test_sum).pow(2).mean() / test_sum.var()))
