"""An encoder and a decoder with teacher forcing learn to reverse a sequence."""
import random
import sys
import torch
import torch.nn as nn
from torch import optim

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)
SOS, VOCAB, LENGTH, HID = 0, 9, 5, 96


def make(n):
    src = torch.randint(1, VOCAB, (LENGTH, n))
    return src, src.flip(0)


class EncoderRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, 24)
        self.gru = nn.GRU(24, HID)

    def forward(self, src):
        return self.gru(self.embedding(src))


class DecoderRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, 24)
        self.gru = nn.GRU(24, HID)
        self.out = nn.Linear(HID, VOCAB)

    def forward(self, token, hidden):
        output, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        return self.out(output.squeeze(0)), hidden


encoder, decoder = EncoderRNN(), DecoderRNN()
encoder_optimizer = optim.Adam(encoder.parameters(), lr=5e-3)
decoder_optimizer = optim.Adam(decoder.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()


def train_step(src, tgt, teacher_forcing_ratio=0.8):
    encoder_optimizer.zero_grad()
    decoder_optimizer.zero_grad()
    _, hidden = encoder(src)
    token = torch.full((src.size(1),), SOS)
    loss = 0
    forced = random.random() < teacher_forcing_ratio
    for t in range(LENGTH):
        logits, hidden = decoder(token, hidden)
        loss = loss + criterion(logits, tgt[t])
        token = tgt[t] if forced else logits.argmax(1).detach()
    loss.backward()
    for net in (encoder, decoder):
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    encoder_optimizer.step()
    decoder_optimizer.step()
    return loss.item() / LENGTH


for it in range(1, 451):
    src, tgt = make(64)
    loss = train_step(src, tgt)
    if it % 75 == 0:
        print(it, loss)

encoder.eval(), decoder.eval()
with torch.no_grad():
    src, tgt = make(300)
    _, hidden = encoder(src)
    token, guesses = torch.full((300,), SOS), []
    for t in range(LENGTH):
        logits, hidden = decoder(token, hidden)
        token = logits.argmax(1)
        guesses.append(token)
print("score", (torch.stack(guesses) == tgt).float().mean().item())
