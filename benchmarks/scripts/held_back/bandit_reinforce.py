"""Policy gradient on a contextual bandit, with a learned baseline."""
import sys
import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
STATE, ARMS = 6, 4
true = torch.randn(STATE, ARMS)


def best(state):
    return (torch.tanh(state) @ true).argmax(1)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(STATE, 48)
        self.action_head = nn.Linear(48, ARMS)
        self.value_head = nn.Linear(48, 1)

    def forward(self, state):
        h = torch.relu(self.affine(state))
        return self.action_head(h), self.value_head(h).squeeze(-1)


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
rewards = []
for episode in range(500):
    state = torch.randn(64, STATE)
    logits, value = policy(state)
    dist = Categorical(logits=logits)
    action = dist.sample()
    reward = (action == best(state)).float()
    advantage = reward - value.detach()
    policy_loss = -(dist.log_prob(action) * advantage).mean()
    value_loss = nn.functional.mse_loss(value, reward)
    loss = policy_loss + 0.5 * value_loss - 0.01 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rewards.append(reward.mean().item())
    if episode % 100 == 0:
        print("episode", episode, "reward", rewards[-1])

with torch.no_grad():
    state = torch.randn(1000, STATE)
    print("score", (policy(state)[0].argmax(1) == best(state)).float().mean().item())
