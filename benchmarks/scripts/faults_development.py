"""The development half: mistakes, with the codes that name them, and variants that are healthy."""

from __future__ import annotations

from benchmarks.scripts.programs import Change, Fault, Variant


def fault(base: str, name: str, kind: str, accepted: str, *changes: Change) -> Fault:
    return Fault(base, name, kind, tuple(accepted.split()), changes)


FAULTS = (
    # --- hand_loop_mlp
    fault(
        "hand_loop_mlp",
        "gradients-kept",
        "gradients",
        "TR46",
        ("        optimizer.zero_grad()\n", ""),
    ),
    fault(
        "hand_loop_mlp",
        "cleared-before-step",
        "gradients",
        "TR116",
        ("        optimizer.zero_grad()\n", ""),
        ("        loss.backward()\n", "        loss.backward()\n        optimizer.zero_grad()\n"),
    ),
    fault(
        "hand_loop_mlp",
        "sorted-by-class",
        "order of samples",
        "TR17",
        (
            "X_train, Y_train = X[:1400], Y[:1400]",
            "by_class = Y[:1400].argsort()\nX_train, Y_train = X[:1400][by_class], Y[:1400][by_class]",
        ),
        ("batch_size=32, shuffle=True", "batch_size=32"),
    ),
    fault(
        "hand_loop_mlp",
        "softmax-before-cross-entropy",
        "loss",
        "TR26",
        ("        x = self.fc3(x)\n", "        x = F.softmax(self.fc3(x), dim=1)\n"),
    ),
    fault("hand_loop_mlp", "no-eval", "mode", "TR47", ("net.eval()\n", "")),
    fault("hand_loop_mlp", "lr-too-high", "rate", "TR35", ("lr=0.1,", "lr=3.0,")),
    fault(
        "hand_loop_mlp",
        "relu-on-logits",
        "loss",
        "TR29",
        ("        x = self.fc3(x)\n", "        x = F.relu(self.fc3(x))\n"),
    ),
    # --- index_batches
    fault(
        "index_batches",
        "n-against-n-by-1",
        "shapes",
        "TR32",
        ("pred = model(xb).squeeze(1)", "pred = model(xb)"),
    ),
    fault("index_batches", "inputs-not-scaled", "inputs", "TR01", ("x = (x - mu) / sd\n", "")),
    fault(
        "index_batches",
        "targets-not-scaled",
        "targets",
        "TR06",
        ("y = (y - y[:1200].mean()) / y[:1200].std()\n", ""),
    ),
    fault(
        "index_batches",
        "inputs-shuffled-alone",
        "targets",
        "TR10 TR99",
        ("ytr, yva = ", "xtr = xtr[torch.randperm(1200)]\nytr, yva = "),
    ),
    fault(
        "index_batches",
        "missing-values",
        "inputs",
        "TR05",
        (
            "x = np.stack([rooms, area, age, dist], 1)",
            "dist[rng.integers(0, n, 12)] = np.nan  # not measured\n"
            "x = np.stack([rooms, area, age, dist], 1)",
        ),
        ("x[:1200].mean(0), x[:1200].std(0)", "np.nanmean(x[:1200], 0), np.nanstd(x[:1200], 0)"),
    ),
    fault("index_batches", "lr-too-low", "rate", "TR36", ("lr=3e-3", "lr=3e-6")),
    fault(
        "index_batches",
        "loss-rebuilt",
        "cut off",
        "TR116",
        (
            "        opt.zero_grad()\n",
            "        loss = torch.tensor(loss.item(), requires_grad=True)\n        opt.zero_grad()\n",
        ),
    ),
    # --- lbfgs_closure
    fault("lbfgs_closure", "gradients-kept", "gradients", "TR46", ("    lbfgs.zero_grad()\n", "")),
    fault(
        "lbfgs_closure",
        "cleared-after-backward",
        "gradients",
        "TR116",
        ("    lbfgs.zero_grad()\n", ""),
        ("    miss.backward()\n", "    miss.backward()\n    lbfgs.zero_grad()\n"),
    ),
    fault(
        "lbfgs_closure",
        "zero-weights",
        "signal",
        "TR22 TR45",
        (
            "curve = Curve()\n",
            "curve = Curve()\nfor p in curve.parameters():\n    torch.nn.init.zeros_(p)\n",
        ),
    ),
    # --- trainer_cnn
    fault(
        "trainer_cnn",
        "one-cycle-per-epoch",
        "schedule",
        "TR118",
        ("                schedule.step()\n", "            schedule.step()\n"),
    ),
    fault(
        "trainer_cnn",
        "no-eval-single-samples",
        "mode",
        "TR47",
        ("        module.eval()\n", ""),
        ("batch_size=20", "batch_size=1"),
    ),
    fault(
        "trainer_cnn",
        "trained-in-eval-mode",
        "mode",
        "TR47",
        ("            module.train()\n", "            module.eval()\n"),
    ),
    fault(
        "trainer_cnn",
        "optimizer-made-each-epoch",
        "schedule",
        "TR118",
        (
            "        for epoch in range(self.max_epochs):\n            module.train()\n",
            "        for epoch in range(self.max_epochs):\n"
            "            optimizer, schedule = module.configure_optimizers(self.max_epochs * len(loader))\n"
            "            module.train()\n",
        ),
    ),
    # --- autocast_cnn
    fault(
        "autocast_cnn",
        "schedule-per-batch",
        "schedule",
        "TR118",
        ("        optimizer.step()\n", "        optimizer.step()\n        scheduler.step()\n"),
        ("    scheduler.step()\n    print(", "    print("),
    ),
    fault(
        "autocast_cnn",
        "model-made-again",
        "optimizer's parameters",
        "TR115",
        ("EPOCHS, BATCH = 10, 60\n", "EPOCHS, BATCH = 10, 60\nnet = ConvNet().to(device)\n"),
    ),
    fault("autocast_cnn", "no-step", "step", "TR116", ("        optimizer.step()\n", "")),
    fault(
        "autocast_cnn",
        "inputs-divided-by-255",
        "inputs",
        "TR01 TR02",
        (
            "train_x, train_y = make_stripes(1200)\nval_x, val_y = make_stripes(500)\n",
            "train_x, train_y = make_stripes(1200)\nval_x, val_y = make_stripes(500)\n"
            "train_x, val_x = train_x / 255, val_x / 255\n",
        ),
    ),
    fault(
        "autocast_cnn",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("weight_decay=1e-4", "weight_decay=1.0"),
    ),
    fault(
        "autocast_cnn",
        "softmax-over-the-batch",
        "samples mixed",
        "TR32",
        ("F.cross_entropy(logits, yb)", "F.nll_loss(F.log_softmax(logits, dim=0), yb)"),
    ),
    # --- accumulate_resnet
    fault(
        "accumulate_resnet",
        "not-divided",
        "accumulation",
        "TR117",
        ("loss_fn(model(xb), yb) / ACCUM", "loss_fn(model(xb), yb)"),
    ),
    fault(
        "accumulate_resnet",
        "list-of-layers",
        "optimizer's parameters",
        "TR114",
        ("nn.ModuleList([Block(8, 16), Block(16, 16)])", "[Block(8, 16), Block(16, 16)]"),
    ),
    fault("accumulate_resnet", "clipped-too-tightly", "clipping", "TR71", ("5.0)", "0.005)")),
    fault(
        "accumulate_resnet",
        "labels-one-row-off",
        "targets",
        "TR10 TR99",
        (
            "TensorDataset(pixels[:1280], target[:1280])",
            "TensorDataset(pixels[:1280], target[1:1281])",
        ),
    ),
    # --- char_lstm
    fault(
        "char_lstm",
        "decoder-only-optimized",
        "optimizer's parameters",
        "TR114",
        ("Adam(model.parameters()", "Adam(model.decoder.parameters()"),
    ),
    fault("char_lstm", "gradients-kept", "gradients", "TR46", ("        model.zero_grad()\n", "")),
    fault(
        "char_lstm",
        "view-instead-of-transpose",
        "shapes",
        "TR10 TR99",
        (".view(bsz, -1).t().contiguous()", ".view(-1, bsz)"),
    ),
    fault(
        "char_lstm",
        "hidden-cut-from-decoder",
        "cut off",
        "TR45",
        ("self.decoder(output)", "self.decoder(output.data)"),
    ),
    # --- dict_gru
    fault(
        "dict_gru",
        "sigmoid-before-bce-with-logits",
        "loss",
        "TR26",
        ("return self.out(h[-1])", "return torch.sigmoid(self.out(h[-1]))"),
        ("(logits.squeeze(1) > 0)", "(logits.squeeze(1) > 0.5)"),
    ),
    fault(
        "dict_gru",
        "hidden-detached",
        "cut off",
        "TR45",
        ("self.out(h[-1])", "self.out(h[-1].detach())"),
    ),
    fault("dict_gru", "lr-too-high", "rate", "TR35", ("lr=0.01", "lr=1.0")),
    fault(
        "dict_gru",
        "sorted-without-labels",
        "targets",
        "TR10 TR99",
        (
            '    tokens = [s["tokens"] for s in samples]\n',
            '    tokens = sorted((s["tokens"] for s in samples), key=len, reverse=True)\n',
        ),
    ),
    # --- encoder_classifier
    fault(
        "encoder_classifier",
        "no-positions",
        "attention",
        "TR45",
        ("self.tok(ids) + self.pos", "self.tok(ids)"),
    ),
    fault(
        "encoder_classifier",
        "cleared-before-step",
        "gradients",
        "TR116",
        ("        loss.backward()\n", "        loss.backward()\n        optimizer.zero_grad()\n"),
    ),
    fault("encoder_classifier", "lr-too-high", "rate", "TR35", ("lr=3e-3", "lr=0.3")),
    fault(
        "encoder_classifier",
        "padding-mask-inverted",
        "attention",
        "TR121",
        ("src_key_padding_mask=pad", "src_key_padding_mask=~pad"),
    ),
    fault(
        "encoder_classifier",
        "warm-up-per-epoch",
        "schedule",
        "TR118",
        (
            "        sched.step()\n        optimizer.zero_grad()\n",
            "        optimizer.zero_grad()\n    sched.step()\n",
        ),
    ),
    # --- tiny_gpt
    fault(
        "tiny_gpt",
        "sees-the-future",
        "attention",
        "TR97",
        ('        att = att.masked_fill(~self.mask[:T, :T], float("-inf"))\n', ""),
    ),
    fault(
        "tiny_gpt",
        "weights-copied",
        "weight tying",
        "TR120",
        (
            "self.lm_head.weight = self.wte.weight",
            "self.lm_head.weight = nn.Parameter(self.wte.weight.clone())",
        ),
    ),
    fault(
        "tiny_gpt",
        "labels-not-shifted",
        "targets",
        "TR97",
        ("seq[:, 1:].clone()", "seq[:, :-1].clone()"),
    ),
    fault(
        "tiny_gpt", "blocks-detached", "cut off", "TR45", ("x = block(x)", "x = block(x.detach())")
    ),
    # --- vae_sum
    fault(
        "vae_sum",
        "sigmoid-before-bce-with-logits",
        "loss",
        "TR26",
        ("F.binary_cross_entropy(", "F.binary_cross_entropy_with_logits("),
    ),
    fault(
        "vae_sum",
        "decoder-not-optimized",
        "optimizer's parameters",
        "TR114",
        (
            "Adam(model.parameters(), lr=3e-3)",
            "Adam([*model.fc1.parameters(), *model.fc21.parameters(), *model.fc22.parameters()], lr=3e-3)",
        ),
    ),
    fault("vae_sum", "lr-too-low", "rate", "TR36", ("lr=3e-3", "lr=3e-6")),
    # --- siamese_pairs
    fault("siamese_pairs", "sqrt-of-zero", "numbers", "TR121", (".sum(1) + 1e-8)", ".sum(1))")),
    fault(
        "siamese_pairs",
        "model-made-each-step",
        "optimizer's parameters",
        "TR115",
        ("    optimiser.zero_grad()\n", "    encoder = Encoder()\n    optimiser.zero_grad()\n"),
    ),
    # --- finetune_head
    fault(
        "finetune_head",
        "optimizer-of-the-body",
        "optimizer's parameters",
        "TR114",
        ("SGD(model_ft[1].parameters()", "SGD(body.parameters()"),
    ),
    fault(
        "finetune_head",
        "weights-not-loaded",
        "optimizer's parameters",
        "TR45",
        ("body.load_state_dict(weights)\n", ""),
    ),
    fault("finetune_head", "lr-too-high", "rate", "TR35", ("lr=0.05", "lr=5.0")),
    fault(
        "finetune_head",
        "other-scale-than-pretraining",
        "inputs",
        "TR01 TR03 TR87",
        (
            "weights = copy",
            "few_x, test_x = few_x * 60.2 + 48.8, test_x * 60.2 + 48.8\nweights = copy",
        ),
    ),
    # --- raw_tensors
    fault(
        "raw_tensors", "gradients-kept", "gradients", "TR46", ("            p.grad = None\n", "")
    ),
    fault(
        "raw_tensors",
        "hidden-not-updated",
        "optimizer's parameters",
        "TR114",
        ("params = [W1, b1, W2, b2, W3, b3]", "params = [W3, b3]"),
    ),
    fault(
        "raw_tensors",
        "dead-units",
        "signal",
        "TR43",
        (
            "b1 = torch.zeros(H, requires_grad=True)",
            "b1 = torch.full((H,), -10.0, requires_grad=True)",
        ),
    ),
    fault(
        "raw_tensors",
        "no-log-before-nll",
        "loss",
        "TR25",
        ("torch.log_softmax(net(X[pick]), 1)", "torch.softmax(net(X[pick]), 1)"),
    ),
    # --- ratings_mf
    fault(
        "ratings_mf",
        "second-optimizer-not-stepped",
        "step",
        "TR116 TR45",
        ("sparse_opt.step(); dense_opt.step()", "sparse_opt.step()"),
    ),
    fault(
        "ratings_mf",
        "biases-not-squeezed",
        "shapes",
        "TR32",
        (
            "self.user_bias(u).squeeze(1) + self.item_bias(i).squeeze(1)",
            "self.user_bias(u) + self.item_bias(i)",
        ),
    ),
    fault(
        "ratings_mf",
        "zero-embeddings",
        "signal",
        "TR22 TR45",
        ("nn.init.normal_(e.weight, std=0.1)", "nn.init.zeros_(e.weight)"),
    ),
    fault("ratings_mf", "lr-too-high", "rate", "TR35", ("lr=0.02", "lr=2.0")),
    # --- straight_through
    fault(
        "straight_through",
        "sign-without-gradient",
        "signal",
        "TR45 TR40",
        ("Binarize.apply(self.lin2(x))", "torch.sign(self.lin2(x))"),
    ),
    fault(
        "straight_through",
        "targets-plus-minus-one",
        "targets",
        "TR28",
        ("dtype=torch.float).unsqueeze(-1)", "dtype=torch.float).unsqueeze(-1) * 2 - 1"),
    ),
    fault(
        "straight_through",
        "saturated",
        "signal",
        "TR01 TR42",
        ("x = (x - x.mean(0)) / x.std(0)", "x = (x - x.mean(0)) * 500 + 1000"),
    ),
    # --- compiled_config
    fault(
        "compiled_config",
        "schedule-per-batch",
        "schedule",
        "TR118",
        (
            "            opt.step()\n        sched.step()\n",
            "            opt.step()\n            sched.step()\n",
        ),
    ),
    fault("compiled_config", "lr-too-high", "rate", "TR35", ("lr=2e-3", "lr=2.0")),
    fault(
        "compiled_config",
        "other-model-compiled",
        "optimizer's parameters",
        "TR115 TR114",
        ("torch.compile(model,", "torch.compile(build(cfg),"),
    ),
    fault(
        "compiled_config",
        "cleared-before-step",
        "gradients",
        "TR116",
        ("            opt.step()\n", "            opt.zero_grad()\n            opt.step()\n"),
    ),
    # --- two_heads
    fault(
        "two_heads",
        "no-log-before-nll",
        "loss",
        "TR25",
        ("nn.Linear(60, 10), nn.LogSoftmax(dim=1)", "nn.Linear(60, 10), nn.Softmax(dim=1)"),
        ("nn.Linear(60, 2), nn.LogSoftmax(dim=1)", "nn.Linear(60, 2), nn.Softmax(dim=1)"),
    ),
    fault("two_heads", "no-eval", "mode", "TR47", ("model.eval()\n", "")),
    fault(
        "two_heads",
        "batches-of-two",
        "batch norm",
        "TR48",
        ("DataLoader(train_ds, 40,", "DataLoader(train_ds, 2,"),
    ),
    fault(
        "two_heads",
        "second-head-not-optimized",
        "optimizer's parameters",
        "TR114",
        (
            "list(model.digit.parameters()) + list(model.thick.parameters())",
            "model.digit.parameters()",
        ),
    ),
    fault(
        "two_heads",
        "schedule-per-batch",
        "schedule",
        "TR118",
        (
            "        optimizer.step()\n    sched.step()\n",
            "        optimizer.step()\n        sched.step()\n",
        ),
    ),
    fault(
        "two_heads",
        "softmax-over-the-batch",
        "samples mixed",
        "TR32",
        ("nn.Linear(60, 10), nn.LogSoftmax(dim=1)", "nn.Linear(60, 10), nn.LogSoftmax(dim=0)"),
    ),
    # --- mc_dropout
    fault(
        "mc_dropout",
        "targets-not-permuted",
        "targets",
        "TR10 TR99",
        ("loss = nll(mean, y[sel], var)", "loss = nll(mean, y[b * 48:(b + 1) * 48], var)"),
    ),
    fault(
        "mc_dropout",
        "step-once-per-epoch",
        "step",
        "TR116 TR117",
        ("        opt.step()\n", "    opt.step()\n"),
    ),
    fault(
        "mc_dropout",
        "body-without-gradient",
        "cut off",
        "TR45",
        (
            "        h = self.net(x)\n",
            "        with torch.no_grad():\n            h = self.net(x)\n",
        ),
    ),
    # --- ode_residual
    fault("ode_residual", "gradients-kept", "gradients", "TR46", ("    opt.zero_grad()\n", "")),
    fault("ode_residual", "lr-too-high", "rate", "TR35", ("lr=4e-3", "lr=0.5")),
    # --- checkpoint_ema
    fault(
        "checkpoint_ema",
        "layers-without-gradient",
        "cut off",
        "TR45",
        (
            "            x = checkpoint(layer, x, use_reentrant=False) if self.training else layer(x)\n",
            "            with torch.no_grad():\n"
            "                x = checkpoint(layer, x, use_reentrant=False) if self.training else layer(x)\n",
        ),
    ),
    fault("checkpoint_ema", "lr-too-high", "rate", "TR35", ("lr=2e-3", "lr=1.0")),
    fault("checkpoint_ema", "average-at-rest", "average of weights", "TR89", ("0.95)", "0.9999)")),
    fault(
        "checkpoint_ema",
        "vanishing",
        "signal",
        "TR40 TR42",
        (
            "return x + self.down(torch.nn.functional.gelu(self.up(self.norm(x))))",
            "return torch.sigmoid(self.down(torch.sigmoid(self.up(x))))",
        ),
    ),
    fault(
        "checkpoint_ema",
        "labels-in-other-order",
        "targets",
        "TR10 TR99",
        ("classes[batch])", "classes[batch.sort().values])"),
    ),
)

VARIANTS = (
    Variant("hand_loop_mlp", "plain-sgd", (("lr=0.1, momentum=0.9", "lr=0.4"),)),
    Variant(
        "hand_loop_mlp",
        "cleared-after-step",
        (
            ("        optimizer.zero_grad()\n", ""),
            (
                "        optimizer.step()\n",
                "        optimizer.step()\n        optimizer.zero_grad()\n",
            ),
        ),
    ),
    Variant("finetune_head", "body-in-train-mode", (("body.eval()\n", ""),)),
    Variant(
        "accumulate_resnet",
        "summed-with-lower-rate",
        (("loss_fn(model(xb), yb) / ACCUM", "loss_fn(model(xb), yb)"), ("lr=0.2", "lr=0.05")),
    ),
    Variant(
        "compiled_config", "not-compiled", (('torch.compile(model, backend="eager")', "model"),)
    ),
    Variant(
        "char_lstm",
        "amsgrad-stateless",
        (
            ("lr=5e-3)", "lr=5e-3, amsgrad=True)"),
            ("        hidden = repackage(hidden)\n", "        hidden = model.init_hidden(BATCH)\n"),
        ),
    ),
    Variant(
        "two_heads",
        "one-loss-each",
        (
            (
                "        loss = nll(d, db) + 0.5 * nll(t, tb)\n        optimizer.zero_grad()\n        loss.backward()\n",
                "        optimizer.zero_grad()\n        loss = nll(d, db)\n"
                "        loss.backward(retain_graph=True)\n        nll(t, tb).mul(0.5).backward()\n",
            ),
        ),
    ),
)
