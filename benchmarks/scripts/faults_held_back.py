"""The held-back half: mistakes, with the codes that name them, and variants that are healthy."""

from __future__ import annotations

from benchmarks.scripts.programs import Change, Fault, Variant


def fault(base: str, name: str, kind: str, accepted: str, *changes: Change) -> Fault:
    return Fault(base, name, kind, tuple(accepted.split()), changes)


FAULTS = (
    # --- mnist_style
    fault(
        "mnist_style",
        "logits-into-nll",
        "loss",
        "TR25",
        ("output = F.log_softmax(x, dim=1)", "output = x"),
    ),
    fault(
        "mnist_style",
        "softmax-into-nll",
        "loss",
        "TR25",
        ("output = F.log_softmax(x, dim=1)", "output = F.softmax(x, dim=1)"),
    ),
    fault("mnist_style", "no-eval", "mode", "TR47", ("    model.eval()\n", "")),
    fault(
        "mnist_style",
        "schedule-per-batch",
        "schedule",
        "TR118",
        ("train_loader, optimizer, epoch):", "train_loader, optimizer, epoch, scheduler):"),
        ("        optimizer.step()\n", "        optimizer.step()\n        scheduler.step()\n"),
        ("train_loader, optimizer, epoch)\n", "train_loader, optimizer, epoch, scheduler)\n"),
        ("test_loader)\n        scheduler.step()\n", "test_loader)\n"),
    ),
    fault(
        "mnist_style",
        "gradients-kept",
        "gradients",
        "TR46",
        ("        optimizer.zero_grad()\n", ""),
    ),
    fault("mnist_style", "lr-too-low", "rate", "TR36", ("default=1.0", "default=1e-4")),
    fault(
        "mnist_style",
        "sorted-by-class",
        "order of samples",
        "TR17",
        (
            "    y = torch.tensor(d.target)\n",
            "    y = torch.tensor(d.target)\n    rank = torch.cat([y[:1400].argsort(), torch.arange(1400, 1797)])\n"
            "    x, y = x[rank], y[rank]\n",
        ),
        ("batch_size=args.batch_size, shuffle=True", "batch_size=args.batch_size"),
    ),
    # --- estimator
    fault(
        "estimator",
        "inputs-not-scaled",
        "inputs",
        "TR01",
        ("StandardScaler().fit(X)", "StandardScaler(with_mean=False, with_std=False).fit(X)"),
    ),
    fault(
        "estimator",
        "sigmoid-before-bce-with-logits",
        "loss",
        "TR26",
        (
            "        return nn.Sequential(*layers)\n",
            "        layers.append(nn.Sigmoid())\n        return nn.Sequential(*layers)\n",
        ),
    ),
    fault(
        "estimator",
        "targets-not-permuted",
        "targets",
        "TR10 TR99",
        ("yt[rows])", "yt[start:start + self.batch_size])"),
    ),
    fault("estimator", "lr-too-high", "rate", "TR35", ("lr=0.005", "lr=5.0")),
    fault(
        "estimator",
        "model-made-each-epoch",
        "optimizer's parameters",
        "TR115",
        (
            "            epoch_loss = 0.0\n",
            "            epoch_loss = 0.0\n            self.net_ = self._make(X.shape[1])\n",
        ),
    ),
    fault("estimator", "no-step", "step", "TR116", ("                optimizer.step()\n", "")),
    # --- full_batch_notebook
    fault(
        "full_batch_notebook",
        "n-against-n-by-1",
        "shapes",
        "TR32",
        ("train_out.view(-1, 1))", "train_out)"),
    ),
    fault(
        "full_batch_notebook",
        "gradients-kept",
        "gradients",
        "TR46",
        ("    optimizer.zero_grad()\n", ""),
    ),
    fault(
        "full_batch_notebook",
        "hidden-detached",
        "cut off",
        "TR45",
        ("torch.relu(self.hidden2(x))", "torch.relu(self.hidden2(x.detach()))"),
    ),
    fault("full_batch_notebook", "saturated", "signal", "TR42", ("* 2)\n", "* 500)\n")),
    fault("full_batch_notebook", "lr-too-low", "rate", "TR36", ("lr=0.01", "lr=1e-5")),
    fault(
        "full_batch_notebook",
        "dead-units",
        "signal",
        "TR43",
        ("print(net)\n", "torch.nn.init.constant_(net.hidden2.bias, -20.0)\nprint(net)\n"),
    ),
    # --- scaler_lenet
    fault(
        "scaler_lenet",
        "clipped-before-unscaling",
        "clipping",
        "TR119",
        ("        scaler.unscale_(opt)\n", ""),
    ),
    fault(
        "scaler_lenet",
        "step-with-scaled-gradients",
        "step",
        "TR119 TR35 TR41",
        (
            "        scaler.unscale_(opt)\n        nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
            "        scaler.step(opt)\n        scaler.update()\n",
            "        opt.step()\n",
        ),
    ),
    fault("scaler_lenet", "saturated", "signal", "TR01 TR42", (".div(16).sub(0.5)", ".mul(16)")),
    fault(
        "scaler_lenet",
        "head-not-optimized",
        "optimizer's parameters",
        "TR114",
        ("SGD(model.parameters()", "SGD(model[:6].parameters()"),
    ),
    fault(
        "scaler_lenet",
        "clipped-too-tightly",
        "clipping",
        "TR71",
        ("max_norm = 5.0", "max_norm = 0.003"),
    ),
    # --- swa_depthwise
    fault(
        "swa_depthwise",
        "no-eval-single-samples",
        "mode",
        "TR47",
        ("    model.eval()\n", ""),
        ("batch_size=100", "batch_size=1"),
    ),
    fault(
        "swa_depthwise",
        "labels-one-row-off",
        "targets",
        "TR10 TR99",
        (", self.y[k]\n", ", self.y[k - 1]\n"),
    ),
    fault(
        "swa_depthwise",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("weight_decay=5e-4", "weight_decay=0.2"),
    ),
    fault(
        "swa_depthwise",
        "schedule-per-batch",
        "schedule",
        "TR118",
        (
            "        opt.step()\n",
            "        opt.step()\n        if epoch < 7:\n            cosine.step()\n",
        ),
        ("    else:\n        cosine.step()\n", ""),
    ),
    # --- segment_unet
    fault(
        "segment_unet",
        "sigmoid-before-bce-with-logits",
        "loss",
        "TR26",
        (
            "return self.outc(self.fuse(torch.cat([a, self.up(b)], dim=1)))",
            "return torch.sigmoid(self.outc(self.fuse(torch.cat([a, self.up(b)], dim=1))))",
        ),
    ),
    fault("segment_unet", "lr-too-low", "rate", "TR36", ("lr=4e-3", "lr=1e-6")),
    fault("segment_unet", "lr-too-high", "rate", "TR35", ("lr=4e-3", "lr=2.0")),
    fault(
        "segment_unet",
        "images-shuffled-alone",
        "targets",
        "TR10 TR99",
        (
            "    net = UNet()\n",
            "    train_img = train_img[torch.randperm(240)]\n    net = UNet()\n",
        ),
    ),
    fault(
        "segment_unet",
        "cleared-before-step",
        "gradients",
        "TR116",
        (
            "            optimizer.step()\n",
            "            optimizer.zero_grad()\n            optimizer.step()\n",
        ),
    ),
    # --- forecast_lstm
    fault(
        "forecast_lstm",
        "series-not-scaled",
        "inputs",
        "TR01 TR06",
        ("(train_raw - mean) / std, (test_raw - mean) / std", "train_raw, test_raw"),
    ),
    fault(
        "forecast_lstm",
        "n-against-n-by-1",
        "shapes",
        "TR32",
        ("self.values[i + LOOKBACK].unsqueeze(-1)", "self.values[i + LOOKBACK]"),
    ),
    fault(
        "forecast_lstm",
        "batch-taken-for-time",
        "samples mixed",
        "TR32",
        ("num_layers, batch_first=True)", "num_layers)"),
        ("self.lstm(x, (h0, c0))", "self.lstm(x)"),
    ),
    fault("forecast_lstm", "lr-too-low", "rate", "TR36", ("lr=0.005", "lr=5e-6")),
    fault("forecast_lstm", "lr-too-high", "rate", "TR35", ("lr=0.005", "lr=2.0")),
    # --- seq2seq_reverse
    fault(
        "seq2seq_reverse",
        "optimizer-of-the-encoder-twice",
        "optimizer's parameters",
        "TR114",
        ("optim.Adam(decoder.parameters()", "optim.Adam(encoder.parameters()"),
    ),
    fault(
        "seq2seq_reverse",
        "encoder-cut-off",
        "cut off",
        "TR45",
        (
            "    token = torch.full((src.size(1),), SOS)\n",
            "    hidden = hidden.detach()\n    token = torch.full((src.size(1),), SOS)\n",
        ),
    ),
    fault(
        "seq2seq_reverse",
        "encoder-gradients-kept",
        "gradients",
        "TR46",
        ("    encoder_optimizer.zero_grad()\n", ""),
    ),
    fault(
        "seq2seq_reverse",
        "softmax-before-cross-entropy",
        "loss",
        "TR26",
        (
            "return self.out(output.squeeze(0)), hidden",
            "return torch.softmax(self.out(output.squeeze(0)), 1), hidden",
        ),
    ),
    # --- unrolled_cell
    fault(
        "unrolled_cell",
        "n-against-n-by-1",
        "shapes",
        "TR32",
        ("return self.read(h)[:, 0]", "return self.read(h)"),
    ),
    fault(
        "unrolled_cell",
        "hidden-detached-each-step",
        "cut off",
        "TR45",
        ("h = self.cell(step, h)", "h = self.cell(step, h.detach())"),
    ),
    fault(
        "unrolled_cell",
        "schedule-per-batch",
        "schedule",
        "TR118",
        (
            "        optimizer.step()\n    sched.step()\n",
            "        optimizer.step()\n        sched.step()\n",
        ),
    ),
    fault("unrolled_cell", "lr-too-high", "rate", "TR35", ("lr=0.01", "lr=2.0")),
    # --- vit_digits
    fault(
        "vit_digits",
        "no-positions",
        "attention",
        "TR45",
        ("torch.cat([cls, tokens], 1) + self.pos", "torch.cat([cls, tokens], 1)"),
    ),
    fault(
        "vit_digits",
        "warm-up-per-epoch",
        "schedule",
        "TR118",
        (
            "                schedule.step()\n            print",
            "            schedule.step()\n            print",
        ),
    ),
    fault(
        "vit_digits",
        "softmax-before-cross-entropy",
        "loss",
        "TR26",
        (
            "return self.head(self.norm(x)[:, 0])",
            "return self.head(self.norm(x)[:, 0]).softmax(-1)",
        ),
    ),
    fault("vit_digits", "lr-too-high", "rate", "TR35", ("lr=4e-3", "lr=0.4")),
    fault(
        "vit_digits",
        "model-made-again",
        "optimizer's parameters",
        "TR115",
        (
            "        criterion = nn.CrossEntropyLoss()\n",
            "        self.model = ViT()\n        criterion = nn.CrossEntropyLoss()\n",
        ),
    ),
    # --- masked_lm
    fault(
        "masked_lm",
        "softmax-over-the-batch",
        "samples mixed",
        "TR32",
        ("F.softmax(scores, dim=2)", "F.softmax(scores, dim=0)"),
    ),
    fault(
        "masked_lm",
        "no-positions",
        "attention",
        "TR45",
        ("self.tokens(input_ids) + self.positions.weight", "self.tokens(input_ids)"),
    ),
    fault(
        "masked_lm",
        "cleared-before-step",
        "gradients",
        "TR116",
        (
            "        optimizer.step()\n        optimizer.zero_grad()\n",
            "        optimizer.zero_grad()\n        optimizer.step()\n",
        ),
    ),
    fault(
        "masked_lm",
        "matrices-not-optimized",
        "optimizer's parameters",
        "TR114",
        (
            '[{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]',
            '[{"params": rest, "weight_decay": 0.0}]',
        ),
    ),
    # --- set_attention
    fault(
        "set_attention",
        "pooled-detached",
        "cut off",
        "TR45",
        ("self.out(pooled.flatten(1))", "self.out(pooled.flatten(1).detach())"),
    ),
    fault("set_attention", "lr-too-low", "rate", "TR36", ("lr=4e-3", "lr=4e-6")),
    fault("set_attention", "no-step", "step", "TR116", ("    optimizer.step()\n", "")),
    fault(
        "set_attention",
        "loss-rebuilt",
        "cut off",
        "TR116",
        (
            "    loss.backward()\n",
            "    loss = torch.tensor(float(loss), requires_grad=True)\n    loss.backward()\n",
        ),
    ),
    # --- tied_autoencoder
    fault(
        "tied_autoencoder", "gradients-kept", "gradients", "TR46", ("        ae.zero_grad()\n", "")
    ),
    fault(
        "tied_autoencoder",
        "saturated",
        "signal",
        "TR23 TR42",
        ("nn.init.xavier_uniform_(self.weight)", "nn.init.normal_(self.weight, std=10)"),
    ),
    fault(
        "tied_autoencoder",
        "biases-only-optimized",
        "optimizer's parameters",
        "TR114",
        ("Adam(ae.parameters()", "Adam([ae.enc_bias, ae.dec_bias]"),
    ),
    # --- triplet_embedding
    fault(
        "triplet_embedding",
        "model-made-again",
        "optimizer's parameters",
        "TR115",
        ("for step in range(opts.steps):\n", "net = Embed()\nfor step in range(opts.steps):\n"),
    ),
    fault(
        "triplet_embedding",
        "normalized-over-the-batch",
        "samples mixed",
        "TR32",
        ("self.lin(self.conv(x)), dim=1)", "self.lin(self.conv(x)), dim=0)"),
    ),
    fault(
        "triplet_embedding",
        "classes-of-other-samples",
        "targets",
        "TR10 TR99",
        ("torch.nonzero(cs == k)", "torch.nonzero(cs[torch.randperm(1200)] == k)"),
    ),
    # --- distill
    fault(
        "distill",
        "no-log-before-kl",
        "loss",
        "TR25",
        (
            "F.kl_div(F.log_softmax(logits / TEMPERATURE, dim=1)",
            "F.kl_div(F.softmax(logits / TEMPERATURE, dim=1)",
        ),
    ),
    fault(
        "distill",
        "optimizer-of-the-teacher",
        "optimizer's parameters",
        "TR114",
        ("Adam(student.parameters()", "Adam(teacher.parameters()"),
    ),
    fault(
        "distill",
        "softmax-over-the-batch",
        "samples mixed",
        "TR32",
        (
            "F.log_softmax(logits / TEMPERATURE, dim=1)",
            "F.log_softmax(logits / TEMPERATURE, dim=0)",
        ),
    ),
    fault("distill", "lr-too-high", "rate", "TR35", ("lr=5e-3", "lr=5.0")),
    # --- skipgram
    fault(
        "skipgram",
        "zero-embeddings",
        "signal",
        "TR22 TR45",
        (
            "nn.init.uniform_(self.in_embed.weight, -0.5 / DIM, 0.5 / DIM)",
            "nn.init.zeros_(self.in_embed.weight)",
        ),
        (
            "nn.init.uniform_(self.out_embed.weight, -0.5, 0.5)",
            "nn.init.zeros_(self.out_embed.weight)",
        ),
    ),
    fault(
        "skipgram",
        "input-embedding-not-optimized",
        "optimizer's parameters",
        "TR114",
        ("Adam(model.parameters()", "Adam(model.out_embed.parameters()"),
    ),
    fault(
        "skipgram",
        "contexts-in-other-order",
        "targets",
        "TR10 TR99",
        ("context[rows], neg)", "context[torch.randperm(len(context))[:len(rows)]], neg)"),
    ),
    # --- mean_teacher
    fault(
        "mean_teacher",
        "average-at-rest",
        "average of weights",
        "TR89",
        ("decay = min(0.98, 1 - 1 / (step + 1))", "decay = 0.9999"),
    ),
    fault(
        "mean_teacher",
        "optimizer-of-the-teacher",
        "optimizer's parameters",
        "TR114",
        ("AdamW(student.parameters()", "AdamW(teacher.parameters()"),
    ),
    fault(
        "mean_teacher",
        "labels-permuted-apart",
        "targets",
        "TR10 TR99",
        (
            "            yield [t[idx] for t in tensors]\n",
            "            yield [t[torch.randperm(len(t))[:size]] for t in tensors]\n",
        ),
    ),
    # --- mixture_density
    fault(
        "mixture_density",
        "log-of-negative",
        "numbers",
        "TR121",
        ("sigma = torch.exp(self.log_sigma(h)) + 1e-3", "sigma = self.log_sigma(h)"),
    ),
    fault(
        "mixture_density",
        "softmax-over-the-batch",
        "samples mixed",
        "TR32",
        ("torch.softmax(self.pi(h), dim=1)", "torch.softmax(self.pi(h), dim=0)"),
    ),
    fault("mixture_density", "lr-too-high", "rate", "TR35", ("lr=5e-3", "lr=1.0")),
    # --- bandit_reinforce
    fault(
        "bandit_reinforce",
        "sign-flipped",
        "loss",
        "TR33",
        ("policy_loss = -(dist", "policy_loss = (dist"),
    ),
    fault(
        "bandit_reinforce",
        "probabilities-as-logits",
        "loss",
        "TR26",
        ("return self.action_head(h), ", "return self.action_head(h).softmax(-1), "),
    ),
    fault(
        "bandit_reinforce",
        "gradients-kept",
        "gradients",
        "TR46",
        ("    optimizer.zero_grad()\n", ""),
    ),
    # --- domain_adversarial
    fault(
        "domain_adversarial",
        "features-not-optimized",
        "optimizer's parameters",
        "TR114",
        ('{"feature": feature, "class"', '{"class"'),
    ),
    fault(
        "domain_adversarial", "labels-of-other-batch", "targets", "TR10 TR99", ("ys[i])", "ys[j])")
    ),
    # --- ensemble_callbacks
    fault(
        "ensemble_callbacks",
        "one-member-optimized",
        "optimizer's parameters",
        "TR114",
        ("optim.Adam(m.parameters()", "optim.Adam(members[0].parameters()"),
    ),
    fault(
        "ensemble_callbacks",
        "softmax-before-cross-entropy",
        "loss",
        "TR26",
        (
            "return self.l2(nn.functional.hardswish(self.bn(self.l1(x))))",
            "return self.l2(nn.functional.hardswish(self.bn(self.l1(x)))).softmax(1)",
        ),
    ),
    fault("ensemble_callbacks", "lr-too-low", "rate", "TR36", ("lr=3e-3", "lr=3e-6")),
)

VARIANTS = (
    Variant(
        "mnist_style",
        "small-batches",
        (("default=32", "default=8"), ("default=1.0", "default=0.3")),
    ),
    Variant(
        "full_batch_notebook",
        "rprop",
        (
            (
                "torch.optim.Adam(net.parameters(), lr=0.01)",
                "torch.optim.Rprop(net.parameters(), lr=0.002)",
            ),
        ),
    ),
    Variant(
        "estimator",
        "adagrad",
        (
            (
                "torch.optim.Adam(self.net_.parameters(), lr=self.lr,",
                "torch.optim.Adagrad(self.net_.parameters(), lr=0.05,",
            ),
        ),
    ),
    Variant(
        "segment_unet",
        "accumulated-over-two",
        (
            (
                "            optimizer.zero_grad()\n            loss.backward()\n            optimizer.step()\n",
                "            (loss / 2).backward()\n            if ids[0] % 2:\n"
                "                optimizer.step()\n                optimizer.zero_grad()\n",
            ),
        ),
    ),
    Variant(
        "vit_digits",
        "no-schedule",
        (
            ("                schedule.step()\n            print", "            print"),
            (
                "        schedule = SequentialLR(\n            optimizer,\n            [LinearLR(optimizer, 0.1, total_iters=self.warmup_epochs * n),\n             CosineAnnealingLR(optimizer, (self.epochs - self.warmup_epochs) * n)],\n            milestones=[self.warmup_epochs * n],\n        )\n",
                "",
            ),
            (" lr={schedule.get_last_lr()[0]:.2e}", ""),
        ),
    ),
    Variant("distill", "only-the-teachers-answers", (("ALPHA = 3.0, 0.8", "ALPHA = 3.0, 1.0"),)),
    Variant(
        "bandit_reinforce",
        "clipped-gradients",
        (
            (
                "    optimizer.step()\n",
                "    nn.utils.clip_grad_norm_(policy.parameters(), 0.5)\n    optimizer.step()\n",
            ),
        ),
    ),
)
