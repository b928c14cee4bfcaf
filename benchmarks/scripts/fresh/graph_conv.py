"""Node classification with a graph convolution written by hand; full batch, a few labelled nodes."""
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class GraphConvolution(nn.Module):
    """ X' = A X W """

    def __init__(self, in_features, out_features):
        super(GraphConvolution, self).__init__()
        self.weight = nn.Parameter(torch.FloatTensor(in_features, out_features))
        self.bias = nn.Parameter(torch.FloatTensor(out_features))
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1. / np.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        self.bias.data.uniform_(-stdv, stdv)

    def forward(self, input, adj):
        support = torch.mm(input, self.weight)
        output = torch.spmm(adj, support)
        return output + self.bias


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super(GCN, self).__init__()
        self.gc1 = GraphConvolution(nfeat, nhid)
        self.gc2 = GraphConvolution(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.gc2(x, adj)
        return F.log_softmax(x, dim=1)


def load_data(n=600, classes=4, nfeat=24):
    labels = np.random.randint(0, classes, n)
    same = labels[:, None] == labels[None]
    edges = np.random.rand(n, n) < np.where(same, 0.03, 0.006)
    adj = np.triu(edges, 1).astype(np.float32)
    adj = adj + adj.T + np.eye(n, dtype=np.float32)
    d = adj.sum(1) ** -0.5
    adj = torch.from_numpy(d[:, None] * adj * d[None])
    centers = np.random.randn(classes, nfeat)
    features = (0.4 * centers[labels] + np.random.randn(n, nfeat)).astype(np.float32)
    features = torch.from_numpy(features)
    idx = torch.randperm(n)
    return adj.to_sparse(), features, torch.from_numpy(labels), idx[:200], idx[200:]


def accuracy(output, labels):
    return (output.max(1)[1] == labels).double().mean().item()


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)
torch.manual_seed(seed)
adj, features, labels, idx_train, idx_test = load_data()

model = GCN(nfeat=features.shape[1], nhid=16, nclass=4, dropout=0.5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)


def train(epoch):
    model.train()
    optimizer.zero_grad()
    output = model(features, adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    acc_train = accuracy(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()
    if epoch % 20 == 0:
        print('Epoch: {:04d}'.format(epoch + 1), 'loss_train: {:.4f}'.format(loss_train.item()),
              'acc_train: {:.4f}'.format(acc_train))


def test():
    model.eval()
    output = model(features, adj)
    loss_test = F.nll_loss(output[idx_test], labels[idx_test])
    print("Test set results:", "loss= {:.4f}".format(loss_test.item()))
    return accuracy(output[idx_test], labels[idx_test])


for epoch in range(100):
    train(epoch)
print('score', test())
