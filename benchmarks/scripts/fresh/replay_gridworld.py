"""Q-learning from a fixed replay buffer on a small grid, with a target network.

The score is the return of the greedy policy over all starts, 1 being that of the shortest paths.
"""
import copy
import random
import sys
from collections import deque, namedtuple

import torch
import torch.nn as nn

Transition = namedtuple("Transition", "state action reward next_state done")
SIZE, GAMMA = 5, 0.9
GOAL = (4, 4)
WALLS = {(1, 1), (1, 2), (1, 3), (3, 1), (3, 3), (3, 4)}
MOVES = [(0, 1), (1, 0), (0, -1), (-1, 0)]
CELLS = [(r, c) for r in range(SIZE) for c in range(SIZE) if (r, c) not in WALLS]


def step(cell, action):
    row, col = cell[0] + MOVES[action][0], cell[1] + MOVES[action][1]
    if not (0 <= row < SIZE and 0 <= col < SIZE) or (row, col) in WALLS:
        row, col = cell
    return (row, col), float((row, col) == GOAL), (row, col) == GOAL


def encode(cell):
    v = torch.zeros(2 * SIZE)
    v[cell[0]] = 1.0
    v[SIZE + cell[1]] = 1.0
    return v


class Replay:
    def __init__(self, capacity):
        self.memory = deque(maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, k):
        batch = Transition(*zip(*random.sample(self.memory, k)))
        return (torch.stack(batch.state), torch.tensor(batch.action), torch.tensor(batch.reward),
                torch.stack(batch.next_state), torch.tensor(batch.done, dtype=torch.float32))


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2 * SIZE, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, len(MOVES))

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


class Agent:
    def __init__(self, lr=2e-3, tau=0.05):
        self.q = QNet()
        self.target = copy.deepcopy(self.q)
        self.optimizer = torch.optim.Adam(self.q.parameters(), lr=lr)
        self.loss_fn = nn.SmoothL1Loss()
        self.tau = tau

    def learn(self, batch):
        state, action, reward, next_state, done = batch
        value = self.q(state).gather(1, action.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            next_value = self.target(next_state).max(1).values
            wanted = reward + GAMMA * next_value * (1 - done)
        loss = self.loss_fn(value, wanted)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        for slow, fast in zip(self.target.parameters(), self.q.parameters()):
            slow.data.mul_(1 - self.tau).add_(fast.data, alpha=self.tau)
        return loss.item()

    @torch.no_grad()
    def act(self, cell):
        return int(self.q(encode(cell)).argmax())


def greedy_return(choose):
    total = 0.0
    for start in CELLS:
        cell, discount = start, 1.0
        for _ in range(20):
            if cell == GOAL:
                total += discount
                break
            cell, _, _ = step(cell, choose(cell))
            discount *= GAMMA
    return total / len(CELLS)


def shortest(cell):
    seen, queue = {GOAL: 0}, deque([GOAL])
    while queue:
        at = queue.popleft()
        for other in CELLS:
            if other not in seen and any(step(other, a)[0] == at for a in range(4)):
                seen[other] = seen[at] + 1
                queue.append(other)
    return min(range(4), key=lambda a: seen[step(cell, a)[0]])


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)
replay = Replay(5000)
for _ in range(3000):
    cell = random.choice([c for c in CELLS if c != GOAL])
    action = random.randrange(4)
    after, reward, done = step(cell, action)
    replay.push(encode(cell), action, reward, encode(after), done)

agent = Agent()
for i in range(600):
    loss = agent.learn(replay.sample(64))
    if i % 100 == 0:
        print(i, loss)
print("score", greedy_return(agent.act) / greedy_return(shortest))
