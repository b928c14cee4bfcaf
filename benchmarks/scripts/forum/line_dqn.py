"""Deep Q-learning on a line of 700 places: reach one of two places in steps of 25 or 50.

The score is the share of random starts from which the greedy policy gets there in time.
"""
import copy
import random
import sys
from collections import deque

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MOVES = (-50, -25, 0, 25, 50)
GOALS = (450, 475)
GAMMA = 0.9


class Line:
    def reset(self):
        self.t = 25 * random.randrange(28)
        self.left = 16
        return self.t

    def step(self, action):
        self.t = min(max(self.t + MOVES[action], 0), 675)
        self.left -= 1
        reached = self.t in GOALS
        reward = 1.0 if reached else -0.05
        return self.t, reward, reached, reached or self.left == 0


def features(t):
    t = torch.as_tensor(t, dtype=torch.float32)
    return (t.unsqueeze(-1) - 350.0) / 200.0


class QNetwork(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, len(MOVES))
        )

    def forward(self, t):
        return self.net(features(t))


def optimize(q, target, optimizer, memory, size=64):
    t, action, reward, after, reached = map(np.array, zip(*random.sample(memory, size)))
    action, reward = torch.from_numpy(action), torch.from_numpy(reward).float()
    value = q(t).gather(1, action[:, None])[:, 0]
    with torch.no_grad():
        best = target(after).max(dim=1).values
        wanted = reward + GAMMA * best * torch.from_numpy(~reached)
    loss = F.smooth_l1_loss(value, wanted)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(q.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def succeeds(q, start):
    line = Line()
    line.reset()
    line.t = start
    over = reached = False
    t = start
    with torch.no_grad():
        while not over:
            t, _, reached, over = line.step(int(q(t).argmax()))
    return reached


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)
env, memory = Line(), deque(maxlen=4000)
q = QNetwork()
target = copy.deepcopy(q)
optimizer = torch.optim.Adam(q.parameters(), lr=2e-3)
frames = 0
for episode in range(130):
    t, over = env.reset(), False
    while not over:
        epsilon = max(0.1, 1 - episode / 60)
        if random.random() < epsilon:
            action = random.randrange(len(MOVES))
        else:
            with torch.no_grad():
                action = int(q(t).argmax())
        after, reward, reached, over = env.step(action)
        memory.append((t, action, reward, after, reached))
        t = after
        frames += 1
        if len(memory) >= 200:
            loss = optimize(q, target, optimizer, memory)
        if frames % 50 == 0:
            target.load_state_dict(q.state_dict())
    if episode % 30 == 29:
        print("episode", episode, "loss", loss)
print("score", sum(succeeds(q, start) for start in range(0, 700, 25)) / 28)
