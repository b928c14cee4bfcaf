"""REINFORCE with a baseline in a corridor with a key and a door, many episodes at once.

The agent starts in the middle: the key is at the left end, the door at the right end. The score is
the return of the learned policy, 1 being that of the shortest way.
"""
import sys

import torch
from torch import nn
from torch.distributions import Categorical

LENGTH, STEPS, GAMMA = 7, 24, 0.95


class Corridors:
    def __init__(self, count):
        self.place = torch.full((count,), LENGTH // 2)
        self.key = torch.zeros(count, dtype=torch.bool)
        self.over = torch.zeros(count, dtype=torch.bool)

    def observe(self):
        return torch.cat([nn.functional.one_hot(self.place, LENGTH), self.key[:, None]], 1).float()

    def move(self, action):
        self.place = (self.place + 2 * action - 1).clamp(0, LENGTH - 1)
        first_time = (self.place == 0) & ~self.key & ~self.over
        self.key = self.key | first_time
        opened = (self.place == LENGTH - 1) & self.key & ~self.over
        reward = 0.3 * first_time.float() + opened.float()
        alive = (~self.over).float()
        self.over = self.over | opened
        return reward, alive


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.policy = nn.Sequential(nn.Linear(LENGTH + 1, 32), nn.Tanh(), nn.Linear(32, 2))
        self.value = nn.Sequential(nn.Linear(LENGTH + 1, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, seen):
        scores = self.policy(seen)
        return Categorical(logits=scores), self.value(seen).squeeze(-1)


def play(agent, count):
    corridors = Corridors(count)
    log_probs, values, entropies, rewards, alive = [], [], [], [], []
    for _ in range(STEPS):
        choice, value = agent(corridors.observe())
        action = choice.sample()
        reward, lives = corridors.move(action)
        log_probs.append(choice.log_prob(action))
        entropies.append(choice.entropy())
        values.append(value)
        rewards.append(reward)
        alive.append(lives)
    return [torch.stack(one) for one in (log_probs, values, entropies, rewards, alive)]


def returns_to_go(rewards):
    result, after = torch.zeros_like(rewards), torch.zeros(rewards.shape[1])
    for t in reversed(range(STEPS)):
        after = rewards[t] + GAMMA * after
        result[t] = after
    return result


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    agent = Agent()
    actor = torch.optim.Adam(agent.policy.parameters(), lr=0.02)
    critic = torch.optim.Adam(agent.value.parameters(), lr=0.02)
    for update in range(120):
        log_probs, values, entropies, rewards, alive = play(agent, 64)
        returns = returns_to_go(rewards)
        advantages = returns - values.detach()
        actor_loss = -((log_probs * advantages + 0.01 * entropies) * alive).sum() / alive.sum()
        critic_loss = ((returns - values) ** 2 * alive).sum() / alive.sum()
        actor.zero_grad()
        critic.zero_grad()
        (actor_loss + critic_loss).backward()
        actor.step()
        critic.step()
        if update % 40 == 0:
            print(update, "mean return", returns[0].mean().item())
    with torch.no_grad():
        _, _, _, rewards, _ = play(agent, 500)
    shortest = 0.3 * GAMMA ** (LENGTH // 2 - 1) + GAMMA ** (LENGTH // 2 + LENGTH - 2)
    print("score", returns_to_go(rewards)[0].mean().item() / shortest)


main()
