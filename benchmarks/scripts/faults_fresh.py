"""The fresh part: mistakes, with the codes that name them, and variants that are healthy."""

from __future__ import annotations

from benchmarks.scripts.programs import Change, Fault, Variant


def fault(base: str, name: str, kind: str, accepted: str, *changes: Change) -> Fault:
    return Fault(base, name, kind, tuple(accepted.split()), changes)


PARAMETERS = "optimizer's parameters"

FAULTS = (
    # --- signal_conv1d
    fault(
        "signal_conv1d",
        "cleared-once-per-epoch",
        "gradients",
        "TR46",
        ("            optimizer.zero_grad(set_to_none=True)\n", ""),
        ("        total = 0.0\n", "        total = 0.0\n        optimizer.zero_grad()\n"),
    ),
    fault(
        "signal_conv1d",
        "labels-of-sorted-rows",
        "targets",
        "TR10 TR99",
        ("y_train[rows])", "y_train[rows.sort().values])"),
    ),
    fault(
        "signal_conv1d",
        "summed-loss",
        "loss",
        "TR21 TR35",
        ("nn.CrossEntropyLoss()", 'nn.CrossEntropyLoss(reduction="sum")'),
    ),
    fault(
        "signal_conv1d",
        "relu-on-logits",
        "loss",
        "TR29",
        (
            '        ("fc", nn.Linear(128, 4)),\n',
            '        ("fc", nn.Linear(128, 4)),\n        ("act3", nn.ReLU()),\n',
        ),
    ),
    fault(
        "signal_conv1d",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("weight_decay: float = 1e-4", "weight_decay: float = 0.5"),
    ),
    # --- quantile_bands
    fault(
        "quantile_bands",
        "weights-are-no-parameters",
        PARAMETERS,
        "TR114",
        (
            "nn.Parameter(torch.empty(n_in, n_out).uniform_(-bound, bound))",
            "torch.empty(n_in, n_out).uniform_(-bound, bound).requires_grad_()",
        ),
    ),
    fault("quantile_bands", "lr-too-low", "rate", "TR36", ("lr=0.004", "lr=4e-6")),
    fault(
        "quantile_bands",
        "initial-weights-too-large",
        "signal",
        "TR23 TR42",
        ("bound = 1 / math.sqrt(n_in)", "bound = 10 * math.sqrt(n_in)"),
    ),
    fault(
        "quantile_bands",
        "stops-on-improvement",
        "early stopping",
        "TR93",
        ('float("inf")', '-float("inf")'),
        ("if val < best:", "if val > best:"),
    ),
    # --- poisson_counts
    fault(
        "poisson_counts",
        "rate-as-log-rate",
        "loss",
        "TR26 TR29",
        ("(self.hidden(x))).squeeze(-1)", "(self.hidden(x))).squeeze(-1).exp()"),
    ),
    fault(
        "poisson_counts",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        ("(self.hidden(x))).squeeze(-1)", "(self.hidden(x)))"),
    ),
    fault(
        "poisson_counts",
        "log-of-relu",
        "numbers",
        "TR121",
        ("(self.hidden(x))).squeeze(-1)", "(self.hidden(x))).squeeze(-1).relu().log()"),
    ),
    fault(
        "poisson_counts",
        "embeddings-not-optimized",
        PARAMETERS,
        "TR114",
        (
            "Adagrad(model.parameters()",
            "Adagrad([*model.hidden.parameters(), *model.out.parameters()]",
        ),
    ),
    fault(
        "poisson_counts",
        "missing-values",
        "inputs",
        "TR05",
        (
            "    counts = rng.poisson",
            "    weather[rng.random((n, 3)) < 0.01] = np.nan\n    counts = rng.poisson",
        ),
        ("np.exp(log_rate)", "np.exp(np.where(np.isfinite(log_rate), log_rate, 0.0))"),
        ("torch.tensor(log_rate,", "torch.tensor(np.nan_to_num(log_rate),"),
    ),
    # --- infonce_views
    fault(
        "infonce_views",
        "views-of-different-images",
        "targets",
        "TR10 TR99",
        ("augment(images[rows])\n", "augment(images[torch.randperm(len(images))[:BATCH]])\n"),
    ),
    fault(
        "infonce_views",
        "normalized-over-the-batch",
        "samples mixed",
        "TR32",
        ("self.projector(self.backbone(x)), dim=-1)", "self.projector(self.backbone(x)), dim=0)"),
    ),
    fault(
        "infonce_views",
        "backbone-cut-off",
        "cut off",
        "TR45",
        ("self.projector(self.backbone(x))", "self.projector(self.backbone(x).detach())"),
    ),
    fault(
        "infonce_views",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("weight_decay=1e-3", "weight_decay=50.0"),
    ),
    # --- replay_gridworld
    fault(
        "replay_gridworld",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        (".gather(1, action.unsqueeze(1)).squeeze(1)", ".gather(1, action.unsqueeze(1))"),
    ),
    fault(
        "replay_gridworld",
        "optimizer-of-the-target-network",
        PARAMETERS,
        "TR114 TR115",
        ("Adam(self.q.parameters()", "Adam(self.target.parameters()"),
    ),
    fault(
        "replay_gridworld",
        "cleared-before-step",
        "gradients",
        "TR116",
        (
            "        self.optimizer.zero_grad()\n        loss.backward()\n",
            "        loss.backward()\n        self.optimizer.zero_grad()\n",
        ),
    ),
    fault(
        "replay_gridworld",
        "target-network-at-rest",
        "average of weights",
        "TR89",
        ("tau=0.05", "tau=5e-5"),
    ),
    fault("replay_gridworld", "lr-too-high", "rate", "TR35", ("lr=2e-3", "lr=1.0")),
    # --- graph_conv
    fault(
        "graph_conv",
        "dropout-in-evaluation",
        "mode",
        "TR47",
        ("F.dropout(x, self.dropout, training=self.training)", "F.dropout(x, self.dropout)"),
    ),
    fault(
        "graph_conv",
        "labels-of-other-nodes",
        "targets",
        "TR10 TR99",
        (
            "F.nll_loss(output[idx_train], labels[idx_train])",
            "F.nll_loss(output[idx_train], labels[:200])",
        ),
    ),
    fault(
        "graph_conv",
        "zero-weights",
        "signal",
        "TR22 TR45",
        ("self.weight.data.uniform_(-stdv, stdv)", "self.weight.data.zero_()"),
        ("self.bias.data.uniform_(-stdv, stdv)", "self.bias.data.zero_()"),
    ),
    fault("graph_conv", "lr-too-low", "rate", "TR36", ("lr=0.02", "lr=2e-5")),
    # --- deep_sets
    fault(
        "deep_sets",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        ("torch.cat([mean, top], dim=-1)).squeeze(-1)", "torch.cat([mean, top], dim=-1))"),
    ),
    fault(
        "deep_sets",
        "schedule-per-batch",
        "schedule",
        "TR118",
        (
            "                optimizer.step()\n            scheduler.step()\n",
            "                optimizer.step()\n                scheduler.step()\n",
        ),
    ),
    fault(
        "deep_sets",
        "sigmoid-below-targets",
        "targets",
        "TR28",
        ("nn.Linear(width, 1))", "nn.Linear(width, 1), nn.Sigmoid())"),
    ),
    fault(
        "deep_sets",
        "spread-of-one-number",
        "numbers",
        "TR05 TR121",
        ("torch.randint(4, 13,", "torch.randint(1, 13,"),
    ),
    # --- sparse_tags
    fault(
        "sparse_tags",
        "sigmoid-twice",
        "loss",
        "TR26",
        (
            "return self.heads(self.body(self.bag(words)))",
            "return torch.sigmoid(self.heads(self.body(self.bag(words))))",
        ),
    ),
    fault(
        "sparse_tags",
        "embeddings-at-a-low-rate",
        "rate",
        "TR36",
        ("model.bag.parameters()), lr=0.02", "model.bag.parameters()), lr=2e-5"),
    ),
    fault(
        "sparse_tags",
        "no-step-of-the-sparse-part",
        "step",
        "TR45 TR116",
        (
            "            for optimizer in optimizers:\n                optimizer.step()\n",
            "            optimizer.step()\n",
        ),
    ),
    fault(
        "sparse_tags",
        "tags-in-other-order",
        "targets",
        "TR10 TR99",
        ("tags[ids], pos_weight", "tags[ids.flip(0)], pos_weight"),
    ),
    # --- denoise_conv
    fault(
        "denoise_conv",
        "noisy-image-as-target",
        "targets",
        "TR97",
        ("loss = criterion(restored, clean)", "loss = criterion(restored, noisy)"),
    ),
    fault(
        "denoise_conv",
        "step-once-per-epoch",
        "step",
        "TR116",
        (
            "        loss.backward()\n        optimizer.step()\n",
            "        loss.backward()\n    optimizer.step()\n",
        ),
    ),
    fault("denoise_conv", "lr-too-high", "rate", "TR35", ("lr=3e-3", "lr=1.0")),
    # --- mixup_ema
    fault(
        "mixup_ema",
        "shares-swapped",
        "targets",
        "TR10 TR99",
        ("return mixed, y, y[perm], lam", "return mixed, y[perm], y, lam"),
    ),
    fault(
        "mixup_ema",
        "averaged-once-per-epoch",
        "average of weights",
        "TR89",
        ("        ema.update_parameters(model)\n", ""),
        (
            "        scheduler.step()\n",
            "        scheduler.step()\n        ema.update_parameters(model)\n",
        ),
    ),
    fault(
        "mixup_ema",
        "sorted-by-class",
        "order of samples",
        "TR17",
        ("order = torch.randperm(len(x))", "order = y.argsort()"),
    ),
    fault(
        "mixup_ema",
        "matrices-in-no-group",
        PARAMETERS,
        "TR114",
        ("if p.ndim > 1]", "if p.ndim > 2]"),
    ),
    fault(
        "mixup_ema",
        "pixels-divided-as-integers",
        "inputs",
        "TR04",
        ("data / 8.0 - 1.0", "data.astype(int) // 255"),
    ),
    fault(
        "mixup_ema",
        "accumulated-not-averaged",
        "accumulation",
        "TR35 TR117",
        (
            "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n",
            "        loss.backward()\n        if i // args.batch_size % 8 == 7:\n"
            "            optimizer.step()\n            optimizer.zero_grad()\n",
        ),
    ),
    # --- sorting_lm
    fault(
        "sorting_lm",
        "past-masked-not-future",
        "attention",
        "TR97",
        (
            "nn.Transformer.generate_square_subsequent_mask(size)",
            'torch.tril(torch.full((size, size), float("-inf")), diagonal=-1)',
        ),
        ("mask=mask, is_causal=True", "mask=mask"),
    ),
    fault(
        "sorting_lm",
        "targets-not-shifted",
        "targets",
        "TR97",
        ("batch[:, :-1], batch[:, 1:]", "batch[:, :-1], batch[:, :-1]"),
    ),
    fault(
        "sorting_lm",
        "schedule-per-epoch",
        "schedule",
        "TR118",
        ("        scheduler.step()\n", "    scheduler.step()\n"),
    ),
    fault("sorting_lm", "betas-in-other-order", "rate", "TR81", ("(0.9, 0.98)", "(0.999, 0.9)")),
    # --- survival_cox
    fault("survival_cox", "sign-flipped", "loss", "TR33", ("return -((risk", "return ((risk")),
    fault(
        "survival_cox",
        "risks-not-reordered",
        "targets",
        "TR10 TR99",
        ("risk, event = risk[order], event[order]", "event = event[order]"),
    ),
    fault(
        "survival_cox",
        "risks-in-a-new-tensor",
        "cut off",
        "TR45 TR116",
        (
            "risk = net(x[rows]).squeeze(1)\n",
            "risk = torch.tensor(net(x[rows]).squeeze(1).tolist(), requires_grad=True)\n",
        ),
    ),
    fault(
        "survival_cox",
        "schedule-per-batch",
        "schedule",
        "TR118",
        ("        decay.step()\n", ""),
        (
            "            losses.append(loss.item())\n",
            "            decay.step()\n            losses.append(loss.item())\n",
        ),
    ),
    fault(
        "survival_cox",
        "dead-units",
        "signal",
        "TR43",
        ("nn.init.zeros_(linear.bias)", "nn.init.constant_(linear.bias, -20.0)"),
    ),
    # --- wine_folds
    fault(
        "wine_folds",
        "optimizer-of-another-network",
        PARAMETERS,
        "TR114 TR115",
        ("SGD(net.parameters()", "SGD(new_net().parameters()"),
    ),
    fault(
        "wine_folds",
        "test-rows-not-scaled",
        "inputs",
        "TR03",
        ("net(scaled(rows)).argmax(1)", "net(features[rows]).argmax(1)"),
    ),
    fault(
        "wine_folds",
        "inputs-not-scaled",
        "inputs",
        "TR01",
        ("features[rows].mean(0), features[rows].std(0)", "0.0, 1.0"),
    ),
    fault("wine_folds", "clipped-too-tightly", "clipping", "TR71", ("(), 5.0)", "(), 0.001)")),
    fault(
        "wine_folds",
        "no-eval-few-rows",
        "mode",
        "TR47 TR48",
        ("        net.eval()\n", ""),
        (
            "net(scaled(rows)).argmax(1)",
            "torch.cat([net(scaled(r)).argmax(1) for r in rows.split(3)])",
        ),
    ),
    # --- bf16_friedman
    fault(
        "bf16_friedman",
        "blocks-in-a-list",
        PARAMETERS,
        "TR114",
        (
            "nn.ModuleList(Residual(width) for _ in range(depth))",
            "[Residual(width) for _ in range(depth)]",
        ),
    ),
    fault(
        "bf16_friedman",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        ("dtype=torch.float32).unsqueeze(1)", "dtype=torch.float32)"),
    ),
    fault(
        "bf16_friedman",
        "cleared-once-per-epoch",
        "gradients",
        "TR46",
        (
            "                optimizer.step()\n                optimizer.zero_grad()\n",
            "                optimizer.step()\n",
        ),
    ),
    fault("bf16_friedman", "lr-too-high", "rate", "TR35", ("lr=5e-3", "lr=0.5")),
    # --- vmap_bagging
    fault(
        "vmap_bagging",
        "optimizer-of-the-unstacked",
        PARAMETERS,
        "TR114 TR115 TR116",
        (
            "Adamax(params.values()",
            "Adamax([p for net in nets for p in net.parameters()]",
        ),
    ),
    fault(
        "vmap_bagging",
        "labels-of-the-first-rows",
        "targets",
        "TR10 TR99",
        ("Y_train[rows])", "Y_train[bootstrap[:, start:start + 50]])"),
    ),
    fault(
        "vmap_bagging",
        "softmax-on-one-output",
        "loss",
        "TR26 TR27",
        ("nn.Linear(24, 1))", "nn.Linear(24, 1), nn.Softmax(dim=-1))"),
    ),
    # --- tagger_bilstm
    fault(
        "tagger_bilstm",
        "reshaped-not-transposed",
        "shapes",
        "TR10 TR32 TR99",
        ("scores.transpose(1, 2)", "scores.reshape(len(tags), 3, -1)"),
    ),
    fault(
        "tagger_bilstm",
        "lstm-cut-off",
        "cut off",
        "TR45",
        ("self.fc(self.drop(out))", "self.fc(self.drop(out.data))"),
    ),
    fault(
        "tagger_bilstm",
        "softmax-over-the-batch",
        "samples mixed",
        "TR26 TR32",
        ("return self.fc(self.drop(out))", "return torch.softmax(self.fc(self.drop(out)), dim=0)"),
    ),
    fault(
        "tagger_bilstm",
        "no-step",
        "step",
        "TR116",
        ("                self.optimizer.step()\n", ""),
    ),
)

VARIANTS = (
    Variant(
        "signal_conv1d",
        "gradients-set-to-none",
        (
            (
                "            optimizer.zero_grad(set_to_none=True)\n",
                "            for p in model.parameters():\n                p.grad = None\n",
            ),
        ),
    ),
    Variant(
        "quantile_bands",
        "zero-head",
        (
            (
                "net = QuantileNet(4)\n",
                "net = QuantileNet(4)\nnn.init.zeros_(net.head.weight)\n",
            ),
        ),
    ),
    Variant(
        "poisson_counts",
        "embeddings-at-their-own-rate",
        (
            (
                "torch.optim.Adagrad(model.parameters(), lr=args.lr)",
                "torch.optim.Adagrad(\n"
                '        [{"params": [*model.region.parameters(), *model.weekday.parameters()], "lr": 0.2},\n'
                '         {"params": [*model.hidden.parameters(), *model.out.parameters()]}], lr=0.05)',
            ),
        ),
    ),
    Variant(
        "infonce_views",
        "one-direction",
        (
            (
                "return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2",
                "return F.cross_entropy(logits, target)",
            ),
        ),
    ),
    Variant(
        "replay_gridworld",
        "double-q",
        (
            (
                "self.target(next_state).max(1).values",
                "self.target(next_state).gather(1, self.q(next_state).argmax(1, True)).squeeze(1)",
            ),
        ),
    ),
    Variant(
        "graph_conv",
        "sgd-at-a-high-rate",
        (
            (
                "torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)",
                "torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9, weight_decay=5e-4)",
            ),
        ),
    ),
    Variant(
        "deep_sets",
        "accumulated-over-two",
        (
            (
                "            for batch in loader:\n",
                "            for number, batch in enumerate(loader):\n",
            ),
            (
                "                loss = module.training_step(batch)\n                optimizer.zero_grad()\n                loss.backward()\n",
                "                loss = module.training_step(batch)\n                (loss / 2).backward()\n                if number % 2 == 0:\n                    continue\n",
            ),
            (
                "                optimizer.step()\n",
                "                optimizer.step()\n                optimizer.zero_grad()\n",
            ),
        ),
    ),
    Variant(
        "denoise_conv",
        "zero-last-layer",
        (
            (
                "model = Denoiser()\n",
                "model = Denoiser()\nnn.init.zeros_(model.decoder.weight)\n"
                "nn.init.zeros_(model.decoder.bias)\n",
            ),
        ),
    ),
    Variant(
        "mixup_ema",
        "two-steps-per-batch",
        (
            (
                "    for i in range(0, len(x), args.batch_size):\n",
                "    for i in sorted(2 * list(range(0, len(x), args.batch_size))):\n",
            ),
        ),
    ),
    Variant(
        "sorting_lm",
        "tied-output",
        (
            (
                "model = SortModel()\n",
                "model = SortModel()\nnn.init.normal_(model.token.weight, std=0.2)\nmodel.to_chars.weight = model.token.weight\n",
            ),
        ),
    ),
    Variant(
        "wine_folds",
        "full-batches",
        ((".split(27)", ".split(200)"), ("epochs=12", "epochs=40")),
    ),
    Variant(
        "bf16_friedman",
        "cleared-before-the-first-of-two",
        (
            (
                "                optimizer.step()\n                optimizer.zero_grad()\n",
                "                optimizer.step()\n",
            ),
            (
                "            (loss / accumulate).backward()\n",
                "            if k % accumulate == 1:\n                optimizer.zero_grad()\n"
                "            (loss / accumulate).backward()\n",
            ),
        ),
    ),
    Variant(
        "tagger_bilstm",
        "buckets-by-length",
        (
            (
                "    net = BiLSTMTagger()\n",
                "    train.sort(key=lambda item: len(item[0]))\n    net = BiLSTMTagger()\n",
            ),
        ),
    ),
    Variant(
        "vmap_bagging",
        "mean-of-losses",
        (("loss = losses.sum()", "loss = losses.mean()"),),
    ),
)
