"""Advantage actor-critic on a small cliff walk, many copies of it in parallel.

The score is the mean discounted return of the learned policy over that of the shortest safe path.
"""
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical

ROWS, COLS, GAMMA = 4, 7, 0.95
N_ENVS, ROLLOUT, UPDATES = 64, 8, 45


class CliffWalk:
    """Start in the left column; fall off in the bottom row between start and goal."""

    def __init__(self, n):
        self.n = n
        self.row = torch.randint(0, ROWS - 1, (n,))
        self.col = torch.zeros(n, dtype=torch.long)
        self.age = torch.zeros(n, dtype=torch.long)

    def observe(self):
        return torch.cat([F.one_hot(self.row, ROWS), F.one_hot(self.col, COLS)], dim=1).float()

    def step(self, action):
        d_row = (action == 0).long() - (action == 1).long()
        d_col = (action == 2).long() - (action == 3).long()
        self.row = (self.row + d_row).clamp(0, ROWS - 1)
        self.col = (self.col + d_col).clamp(0, COLS - 1)
        self.age += 1
        bottom = self.row == ROWS - 1
        goal = bottom & (self.col == COLS - 1)
        fell = bottom & (self.col > 0) & (self.col < COLS - 1)
        late = self.age >= 30
        reward = goal.float() - fell.float() - 0.02
        done = goal | fell | late
        self.row = torch.where(done, torch.randint(0, ROWS - 1, (self.n,)), self.row)
        self.col = torch.where(done, torch.zeros_like(self.col), self.col)
        self.age = torch.where(done, torch.zeros_like(self.age), self.age)
        return reward, done.float()


class ActorCritic(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.base = nn.Sequential(nn.Linear(ROWS + COLS, hidden), nn.Tanh())
        self.actor = nn.Linear(hidden, 4)
        self.critic = nn.Linear(hidden, 1)

    def forward(self, obs):
        h = self.base(obs)
        return Categorical(logits=self.actor(h)), self.critic(h).squeeze(-1)


def discounted(rewards, dones, last_value):
    running, returns = last_value, []
    for reward, done in zip(reversed(rewards), reversed(dones)):
        running = reward + GAMMA * running * (1 - done)
        returns.append(running)
    returns.reverse()
    return torch.stack(returns)


def evaluate(net, episodes=256):
    env = CliffWalk(episodes)
    total, discount, alive = torch.zeros(episodes), 1.0, torch.ones(episodes)
    with torch.no_grad():
        for _ in range(30):
            policy, _ = net(env.observe())
            reward, done = env.step(policy.sample())
            total += discount * alive * reward
            alive = alive * (1 - done)
            discount *= GAMMA
    return total.mean().item()


def main(seed):
    torch.manual_seed(seed)
    net = ActorCritic()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=7e-3, alpha=0.99, eps=1e-5)
    env = CliffWalk(N_ENVS)
    for update in range(UPDATES):
        log_probs, values, rewards, dones, entropies = [], [], [], [], []
        for _ in range(ROLLOUT):
            policy, value = net(env.observe())
            action = policy.sample()
            reward, done = env.step(action)
            log_probs.append(policy.log_prob(action))
            entropies.append(policy.entropy())
            values.append(value)
            rewards.append(reward)
            dones.append(done)
        with torch.no_grad():
            _, last_value = net(env.observe())
        returns = discounted(rewards, dones, last_value)
        log_probs, values = torch.cat(log_probs), torch.cat(values)
        advantage = returns.view(-1) - values
        policy_loss = -(log_probs * advantage.detach()).mean()
        value_loss = advantage.pow(2).mean()
        loss = policy_loss + 0.5 * value_loss - 0.01 * torch.cat(entropies).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()
        if update % 20 == 0:
            print(update, round(loss.item(), 4))
    best = sum(sum(-0.02 * GAMMA**k for k in range(n)) + GAMMA ** (n - 1) for n in (9, 8, 7)) / 3
    print("score", evaluate(net) / best)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
