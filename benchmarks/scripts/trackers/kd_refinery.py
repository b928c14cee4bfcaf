"""A small network learns from a larger one: few labels, many unlabeled digits."""
import sys
from types import SimpleNamespace

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

hp = SimpleNamespace(temperature=3.0, weight=0.9, labeled=30, batch=64, teacher_epochs=10, student_epochs=14)


def mlp(*sizes):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.GELU()]
    return nn.Sequential(*layers[:-1])


def evaluate(net, x, y):
    net.eval()
    with torch.inference_mode():
        return (net(x).argmax(-1) == y).double().mean().item()


def train_teacher(x, y):
    teacher = mlp(64, 128, 128, 10)
    opt = torch.optim.AdamW(teacher.parameters(), lr=3e-3)
    for _ in range(hp.teacher_epochs):
        teacher.train()
        for idx in torch.randperm(len(x)).split(hp.batch):
            opt.zero_grad()
            F.cross_entropy(teacher(x[idx]), y[idx]).backward()
            opt.step()
    return teacher


def kd_loss(student_logits, teacher_logits):
    t = hp.temperature
    soft_target = F.softmax(teacher_logits / t, dim=-1)
    log_prob = F.log_softmax(student_logits / t, dim=-1)
    return t * t * F.kl_div(log_prob, soft_target, reduction="batchmean")


def train_student(student, teacher, x, y, known):
    teacher.eval()
    with torch.no_grad():
        teacher_logits = teacher(x)
    opt = torch.optim.SGD(student.parameters(), lr=0.02, momentum=0.9, nesterov=True)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, hp.student_epochs)
    for epoch in range(hp.student_epochs):
        student.train()
        losses = []
        for idx in torch.randperm(len(x)).split(hp.batch):
            few = known[torch.randint(len(known), (8,))]
            hard = F.cross_entropy(student(x[few]), y[few])
            soft = kd_loss(student(x[idx]), teacher_logits[idx])
            loss = hp.weight * soft + (1 - hp.weight) * hard
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.detach())
        sched.step()
        print("student", epoch, torch.stack(losses).mean().item())
    return student


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
digits = load_digits()
x, x_test, y, y_test = train_test_split(digits.data, digits.target, test_size=0.3, random_state=seed, stratify=digits.target)
x = torch.tensor((x - 4.9) / 6.0).float()
x_test = torch.tensor((x_test - 4.9) / 6.0).float()
y, y_test = torch.tensor(y), torch.tensor(y_test)

teacher = train_teacher(x, y)
print("teacher", evaluate(teacher, x_test, y_test))
known = torch.randperm(len(x))[:hp.labeled]
student = train_student(mlp(64, 24, 10), teacher, x, y, known)
print("score", evaluate(student, x_test, y_test))
